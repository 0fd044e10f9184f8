import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { StreamLanguage } from "@codemirror/language";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import type { Extension } from "@codemirror/state";

export type EditorLanguage = "json" | "javascript" | "python" | "shell" | "text";

export function languageExtension(language: EditorLanguage): Extension {
  switch (language) {
    case "json":
      return json();
    case "javascript":
      return javascript();
    case "python":
      return python();
    case "shell":
      return StreamLanguage.define(shell);
    case "text":
      return [];
  }
}
