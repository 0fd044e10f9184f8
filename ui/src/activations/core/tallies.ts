import type { Api, Count, Histogram, PanelEvent } from "@/platform";
import { DEBOUNCE_MS } from "./log";

export type TallyApi = Pick<Api, "countActivations" | "histogram">;

/** With runs arriving, counts and bars are read again at most this often. */
const LIVE_EVERY_MS = 1000;

export interface Tally {
  readonly filter: string;
  readonly count: Count | null;
  readonly histogram: Histogram | null;
  /** How many there are without the filter; asked for only when nothing matches. */
  readonly all: Count | null;
  /** Whether the values belong to a filter that is no longer shown. */
  readonly stale: boolean;
}

const EMPTY: Tally = { filter: "", count: null, histogram: null, all: null, stale: true };

/**
 * How many records match and when they ran. Read beside the rows, never before them: a count that takes long must not
 * hold up the list.
 */
export class Tallies {
  private state: Tally = EMPTY;
  private listeners = new Set<() => void>();
  private wanted: { filter: string; everything: string } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private query = new AbortController();
  private readAt = Number.NEGATIVE_INFINITY;
  private running = false;
  private again = false;

  constructor(
    private readonly api: TallyApi,
    private readonly buckets: number,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Tally => this.state;

  private set(change: Partial<Tally>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  /** Tallies another filter. `everything` is the filter that stands for no filter: the scope of the page. */
  show(filter: string, everything: string): void {
    if (this.wanted?.filter === filter && this.wanted.everything === everything) return;
    this.wanted = { filter, everything };
    if (!this.state.stale) this.set({ stale: true });
    this.schedule(DEBOUNCE_MS);
  }

  onEvent(event: PanelEvent): void {
    if (event.type !== "activations" && event.type !== "lagged") return;
    if (!this.wanted || this.timer !== undefined) return;
    // A count that takes longer than runs take to arrive must still come to its end.
    if (this.running) {
      this.again = true;
    } else {
      this.schedule(Math.max(0, this.readAt + LIVE_EVERY_MS - Date.now()));
    }
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.read();
    }, wait);
  }

  private async read(): Promise<void> {
    if (!this.wanted) return;
    const { filter, everything } = this.wanted;
    this.query.abort();
    const query = new AbortController();
    this.query = query;
    const { signal } = query;
    this.readAt = Date.now();
    this.running = true;
    this.again = false;
    const set = (change: Partial<Tally>) => {
      if (!signal.aborted) this.set(change);
    };
    // Each on its own: a count that fails or is slow says nothing about the bars.
    const [count, histogram] = await Promise.allSettled([
      this.api.countActivations({ filter }, signal).then((count) => {
        set({ count, filter });
        return count;
      }),
      this.api.histogram({ filter, buckets: this.buckets }, signal).then((histogram) => set({ histogram })),
    ]);
    if (count.status === "rejected") set({ count: null });
    if (histogram.status === "rejected") set({ histogram: null });
    const nothing = count.status === "fulfilled" && count.value.count === 0;
    const all = nothing
      ? await this.api.countActivations({ filter: everything }, signal).catch(() => null)
      : this.state.all;
    set({ all, stale: false });
    // An overtaken read is not the one that runs.
    if (this.query !== query) return;
    this.running = false;
    if (this.again) this.schedule(LIVE_EVERY_MS);
  }

  dispose(): void {
    this.wanted = null;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = false;
    this.again = false;
    this.query.abort();
  }
}
