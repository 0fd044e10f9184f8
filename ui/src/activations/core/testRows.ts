import type { ActivationSummary, Cursor, Page } from "@/platform";
import { compareNewestFirst } from "./order";

/** Rows for tests: the higher the number, the newer. */
export function row(n: number, change: Partial<ActivationSummary> = {}): ActivationSummary {
  return {
    id: n.toString(16).padStart(32, "0"),
    connection: "local",
    namespace: "playground",
    function: "hello",
    version: "0.0.1",
    kind: "nodejs:20",
    status: "success",
    mode: "blocking",
    cause: "panel",
    start: 1_800_000_000_000 + n,
    end: 1_800_000_000_004 + n,
    durationMs: 4,
    cold: false,
    httpStatus: null,
    pinned: false,
    preview: `run ${n}`,
    ...change,
  };
}

/** A journal in memory that answers pages by keyset as the real one does. */
export class Journal {
  rows: ActivationSummary[] = [];
  asked: { filter: string; after?: Cursor | null; limit: number }[] = [];
  matches: (filter: string, row: ActivationSummary) => boolean = () => true;
  fail: unknown = null;

  put(...rows: ActivationSummary[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    this.rows = [...this.rows.filter(({ id }) => !ids.has(id)), ...rows].sort(compareNewestFirst);
  }

  readonly activations = async (
    args: { filter: string; after?: Cursor | null; limit: number },
    signal?: AbortSignal,
  ): Promise<Page> => {
    this.asked.push(args);
    await Promise.resolve();
    signal?.throwIfAborted();
    if (this.fail) throw this.fail;
    const { after, filter, limit } = args;
    const found = this.rows.filter(
      (row) => this.matches(filter, row) && (!after || compareNewestFirst(after, row) < 0),
    );
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    return { rows, next: found.length > limit && last ? { start: last.start, id: last.id } : null };
  };
}
