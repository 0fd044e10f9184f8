import { type CSSProperties, lazy, Suspense } from "react";
import { cx } from "./cx";
import type { EditorLanguage } from "./editor/languages";

export interface CodeEditorProps {
  value: string;
  onChange?: (value: string) => void;
  language: EditorLanguage;
  /** The accessible name. */
  label: string;
  readOnly?: boolean;
  /** Marks what keeps the text from being an invocation's input (a JSON object). */
  lint?: boolean;
  lineNumbers?: boolean;
  wrap?: boolean;
  /** Tab goes on to the next control instead of indenting: for an editor among the fields of a dialog. */
  tabLeaves?: boolean;
  autoFocus?: boolean;
  className?: string;
  style?: CSSProperties;
  /** Called for Ctrl/Cmd+S inside the editor. */
  onSave?: () => void;
  /** Called for Ctrl/Cmd+Enter inside the editor. */
  onSubmit?: () => void;
}

const Editor = lazy(() => import("./editor/Editor"));

/** CodeMirror, loaded when the first editor is shown; until then the plain text. Fills its parent. */
export function CodeEditor(props: CodeEditorProps) {
  return (
    <div
      style={props.style}
      className={cx("relative h-full min-h-0 overflow-hidden bg-surface", props.className)}
    >
      <Suspense
        fallback={
          <pre className="h-full overflow-hidden px-3 py-2 whitespace-pre text-muted">
            {props.value.slice(0, 20_000)}
          </pre>
        }
      >
        <Editor {...props} />
      </Suspense>
    </div>
  );
}
