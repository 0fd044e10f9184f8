import type { Cursor } from "@/platform";

export type { Cursor };

/** Newest first; the id decides between rows of the same millisecond, as in the journal's keyset. */
export function compareNewestFirst(a: Cursor, b: Cursor): number {
  if (a.start !== b.start) return b.start - a.start;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

export function cursorOf(row: Cursor): Cursor {
  return { start: row.start, id: row.id };
}
