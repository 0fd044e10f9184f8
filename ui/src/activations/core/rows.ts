import type { ActivationSummary, Cursor, Page } from "@/platform";
import { compareNewestFirst, cursorOf } from "./order";

/** Rows asked for at once: 15 to 30 KB of JSON. */
export const PAGE_SIZE = 200;

/** Pages kept on each side of the visible ones. */
const KEPT_PAGES = 3;

/** A stretch of the log between two cursors. Its rows may have been let go; the cursors bring them back. */
export interface Slot {
  readonly after: Cursor | null;
  readonly last: Cursor;
  length: number;
  rows: ActivationSummary[] | null;
}

/**
 * The part of the log that was read so far, newest first, without gaps. Far pages give their rows back, so that
 * scrolling through 100,000 records holds a few hundred.
 */
export class RowPages {
  private slots: Slot[] = [];
  private homes = new Map<string, Slot>();
  private end: Cursor | null = null;
  private total = 0;

  /** How many rows the pages cover, loaded or not. */
  get length(): number {
    return this.total;
  }

  /** Where to go on reading; `null` when the log ends here. */
  get next(): Cursor | null {
    return this.end;
  }

  /** Starts over with the newest page. */
  reset(page: Page): void {
    this.slots = [];
    this.homes.clear();
    this.total = 0;
    this.append(null, page);
  }

  /** Adds the page after `after`. Does nothing when the pages have moved on since it was asked for. */
  append(after: Cursor | null, page: Page): void {
    const expected = this.slots.at(-1)?.last ?? null;
    if (after?.id !== expected?.id) return;
    this.end = page.next;
    const rows = page.rows.filter((row) => !this.homes.has(row.id));
    const last = page.rows.at(-1);
    if (!last) return;
    this.keep({ after, last: cursorOf(last), length: rows.length, rows });
  }

  private keep(slot: Slot): void {
    this.slots.push(slot);
    this.total += slot.length;
    for (const row of slot.rows ?? []) this.homes.set(row.id, slot);
  }

  at(index: number): ActivationSummary | null {
    let before = 0;
    for (const slot of this.slots) {
      if (index < before + slot.length) return slot.rows?.[index - before] ?? null;
      before += slot.length;
    }
    return null;
  }

  has(id: string): boolean {
    return this.homes.has(id);
  }

  get(id: string): ActivationSummary | null {
    return this.homes.get(id)?.rows?.find((row) => row.id === id) ?? null;
  }

  /** Where a loaded row is, or -1. */
  indexOf(id: string): number {
    const home = this.homes.get(id);
    if (!home?.rows) return -1;
    let before = 0;
    for (const slot of this.slots) {
      if (slot === home) return before + home.rows.findIndex((row) => row.id === id);
      before += slot.length;
    }
    return -1;
  }

  /** The nearest loaded row from `start` on, in steps of `step`, for which `wanted` holds; -1 when there is none. */
  find(start: number, step: 1 | -1, wanted: (row: ActivationSummary) => boolean): number {
    for (let index = start; index >= 0 && index < this.total; index += step) {
      const row = this.at(index);
      if (row && wanted(row)) return index;
    }
    return -1;
  }

  /** Puts rows in the place of their older selves; answers whether any was loaded. Never adds or moves a row. */
  update(rows: readonly ActivationSummary[]): boolean {
    let changed = false;
    for (const row of rows) {
      const home = this.homes.get(row.id);
      const at = home?.rows?.findIndex((old) => old.id === row.id) ?? -1;
      if (!home?.rows || at < 0) continue;
      home.rows = home.rows.with(at, row);
      changed = true;
    }
    return changed;
  }

  /** The rows of a fresh top page that are not in the log yet. */
  unseen(page: Page): ActivationSummary[] {
    const last = this.slots.at(-1)?.last;
    const known = (row: ActivationSummary) =>
      this.homes.has(row.id) ||
      // Inside the range of a page that was let go: read before, as far as anybody can tell.
      (last !== undefined && this.inDropped(row)) ||
      (last !== undefined && this.end !== null && compareNewestFirst(row, last) > 0);
    return page.rows.filter((row) => !known(row));
  }

  private inDropped(row: Cursor): boolean {
    return this.slots.some(
      (slot) =>
        slot.rows === null &&
        compareNewestFirst(row, slot.last) <= 0 &&
        (slot.after === null || compareNewestFirst(row, slot.after) > 0),
    );
  }

  /** The pages between two row indices whose rows were let go. */
  missing(first: number, last: number): Slot[] {
    return this.touching(first, last).filter((slot) => slot.rows === null);
  }

  /** Brings a page's rows back. Rows that came into its range since then are part of it now. */
  refill(slot: Slot, rows: readonly ActivationSummary[]): void {
    if (!this.slots.includes(slot)) return;
    const inRange = rows.filter((row) => compareNewestFirst(row, slot.last) <= 0);
    this.total += inRange.length - slot.length;
    slot.rows = inRange;
    slot.length = inRange.length;
    for (const row of inRange) this.homes.set(row.id, slot);
  }

  /** Lets go of the rows of pages far from the visible ones, but not of pages that hold one of `kept`. */
  dropFar(first: number, last: number, kept: readonly string[] = []): void {
    const near = new Set(this.touching(first - KEPT_PAGES * PAGE_SIZE, last + KEPT_PAGES * PAGE_SIZE));
    for (const id of kept) {
      const home = this.homes.get(id);
      if (home) near.add(home);
    }
    for (const slot of this.slots) {
      if (near.has(slot) || slot.rows === null) continue;
      for (const row of slot.rows) this.homes.delete(row.id);
      slot.rows = null;
    }
  }

  /** How many rows are held. */
  get held(): number {
    return this.homes.size;
  }

  private touching(first: number, last: number): Slot[] {
    const found: Slot[] = [];
    let before = 0;
    for (const slot of this.slots) {
      if (before + slot.length > first && before <= last) found.push(slot);
      before += slot.length;
    }
    return found;
  }
}
