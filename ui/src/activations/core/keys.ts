/** What the keys of the grid do. Single letters act only while the grid has the focus. */
export type GridCommand =
  | "next"
  | "previous"
  | "first"
  | "last"
  | "pageDown"
  | "pageUp"
  | "nextError"
  | "previousError"
  | "toggle"
  | "escape"
  | "errorsOnly"
  | "focusFilter"
  | "thisFunction"
  | "rerun"
  | "editRun"
  | "copyId"
  | "copyCurl"
  | "copyLink"
  | "pin"
  | "toggleLive"
  | "showNew"
  | "time";

export interface GridKey {
  readonly command: GridCommand;
  /** As `KeyboardEvent.key` gives them: a capital letter is the one with Shift. */
  readonly keys: readonly string[];
  readonly title: string;
}

export const GRID_KEYS: readonly GridKey[] = [
  { command: "next", keys: ["j", "ArrowDown"], title: "Next run" },
  { command: "previous", keys: ["k", "ArrowUp"], title: "Previous run" },
  { command: "first", keys: ["g", "Home"], title: "Newest run" },
  { command: "last", keys: ["G", "End"], title: "Last loaded run" },
  { command: "pageDown", keys: ["PageDown"], title: "A page down" },
  { command: "pageUp", keys: ["PageUp"], title: "A page up" },
  { command: "previousError", keys: ["["], title: "Previous error" },
  { command: "nextError", keys: ["]"], title: "Next error" },
  { command: "toggle", keys: ["Enter", " "], title: "Open or close the record" },
  { command: "escape", keys: ["Escape"], title: "Close the record, then clear the selection" },
  { command: "errorsOnly", keys: ["e"], title: "Errors only, or everything" },
  { command: "focusFilter", keys: ["/"], title: "Go to the filter" },
  { command: "thisFunction", keys: ["f"], title: "Only this function" },
  { command: "time", keys: ["t"], title: "Choose a time range" },
  { command: "rerun", keys: ["r"], title: "Run again with the same input" },
  { command: "editRun", keys: ["R"], title: "Edit the input, then run" },
  { command: "copyId", keys: ["y"], title: "Copy the activation id" },
  { command: "copyCurl", keys: ["Y"], title: "Copy as curl" },
  { command: "copyLink", keys: ["u"], title: "Copy a link to the run" },
  { command: "pin", keys: ["p"], title: "Pin or unpin the record" },
  { command: "toggleLive", keys: ["l"], title: "Live: let new runs in" },
  { command: "showNew", keys: ["n"], title: "Show new runs" },
];

interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export function gridCommand(press: KeyPress): GridCommand | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  return GRID_KEYS.find(({ keys }) => keys.includes(press.key))?.command ?? null;
}
