import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { CodeEditorProps } from "../CodeEditor";
import { inputProblem } from "../json";
import { type EditorLanguage, languageExtension } from "./languages";
import { theme } from "./theme";

function jsonLint(): Extension {
  return linter(
    (view) => {
      const problem = inputProblem(view.state.doc.toString());
      if (!problem) return [];
      const from = Math.min(problem.at, view.state.doc.length);
      const to = Math.min(from + 1, view.state.doc.length);
      return [{ from, to, severity: "error", message: problem.message }];
    },
    { delay: 250 },
  );
}

function indent(language: EditorLanguage): string {
  return language === "python" ? "    " : "  ";
}

export default function Editor(props: CodeEditorProps) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const language = useRef(new Compartment());
  const mutable = useRef(new Compartment());

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; what changes later is reconfigured below
  useEffect(() => {
    if (!parent.current) return;
    const { value, label, lint, wrap, tabLeaves, autoFocus, lineNumbers: numbers = true } = props;
    const editor = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          keymap.of([
            { key: "Mod-Enter", run: () => call(latest.current.onSubmit) },
            { key: "Mod-s", run: () => call(latest.current.onSave), preventDefault: true },
            ...closeBracketsKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...foldKeymap,
            ...defaultKeymap,
            // Esc then Tab leaves the editor, as CodeMirror documents for keyboard users.
            ...(tabLeaves ? [] : [indentWithTab]),
          ]),
          numbers ? [lineNumbers(), highlightActiveLineGutter(), foldGutter(), gutterClass] : [],
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightSelectionMatches(),
          EditorState.tabSize.of(4),
          wrap ? EditorView.lineWrapping : [],
          lint ? jsonLint() : [],
          theme,
          EditorView.contentAttributes.of({ "aria-label": label }),
          language.current.of(languageOf(props.language)),
          mutable.current.of(readOnly(props.readOnly ?? false)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    if (autoFocus) editor.focus();
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(props.language)) });
  }, [props.language]);

  useEffect(() => {
    view.current?.dispatch({ effects: mutable.current.reconfigure(readOnly(props.readOnly ?? false)) });
  }, [props.readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === props.value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } });
  }, [props.value]);

  return <div ref={parent} className="h-full" />;
}

const gutterClass = EditorView.editorAttributes.of({ class: "cm-has-gutter" });

function languageOf(language: EditorLanguage): Extension {
  return [languageExtension(language), indentUnit.of(indent(language))];
}

function readOnly(value: boolean): Extension {
  // Without a tab stop the keyboard could not scroll a text that cannot be edited.
  const reachable = value ? EditorView.contentAttributes.of({ tabindex: "0" }) : [];
  return [EditorState.readOnly.of(value), EditorView.editable.of(!value), reachable];
}

function call(handler: (() => void) | undefined): boolean {
  handler?.();
  return handler !== undefined;
}
