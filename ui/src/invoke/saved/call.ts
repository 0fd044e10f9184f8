import type { SavedCall } from "@/platform";
import { parseRequest } from "../request";
import type { InvokeSession } from "../session";

/** What the pane sends now, to be saved. */
export function callOf({ text, mode, callback }: InvokeSession, http: boolean): SavedCall {
  return { text: text ?? "", http, mode, callback };
}

/** The text of a saved request for a function that takes requests now, or JSON: it may have been the other then. */
export function textFor(call: SavedCall, http: boolean): string {
  return call.http && !http ? parseRequest(call.text).body : call.text;
}

/** Whether two names are one, as the panel has it. */
export function sameName(a: string, b: string): boolean {
  const lower = (text: string) => text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return lower(a) === lower(b);
}
