import type { ActivationSummary, Api, Page, PanelError, PanelEvent } from "@/platform";
import { PAGE_SIZE, RowPages, type Slot } from "./rows";

export type LogApi = Pick<Api, "activations">;

/** Typing pauses this long before a query is sent. */
export const DEBOUNCE_MS = 120;

/** Live batches re-read the newest page at most this often. */
export const LIVE_EVERY_MS = 250;

/** Rows asked for ahead of the visible ones. */
const AHEAD = 120;

export interface LogState {
  /** What the rows answer to. Lags behind the text while a query runs. */
  readonly filter: string;
  readonly rows: RowPages;
  /** `first`: nothing to show yet. `stale`: rows of the previous filter, dimmed. `failed`: see `error`. */
  readonly phase: "first" | "ready" | "stale" | "failed";
  readonly error: PanelError | null;
  readonly loadingMore: boolean;
  readonly moreError: PanelError | null;
  /** Whether new runs enter by themselves while the user is at the top and reads nothing. */
  readonly live: boolean;
  readonly frozen: boolean;
  /** New runs that wait above the list. */
  readonly fresh: number;
  /** Whether there are more than one page of them. */
  readonly freshCapped: boolean;
  /** Grows with each change: rows are kept in place, so the object itself stays the same. */
  readonly version: number;
}

/**
 * The activation log without a browser: which rows there are, and when to ask for others. It never guesses whether a
 * live row passes the filter: the journal is asked again for its newest page.
 */
export class ActivationLog {
  private state: LogState = {
    filter: "",
    rows: new RowPages(),
    phase: "first",
    error: null,
    loadingMore: false,
    moreError: null,
    live: true,
    frozen: false,
    fresh: 0,
    freshCapped: false,
    version: 0,
  };
  private listeners = new Set<() => void>();
  private wanted: string | null = null;
  private debounce: ReturnType<typeof setTimeout> | undefined;
  private query = new AbortController();
  private refilling = new Set<Slot>();
  private visible: [number, number] = [0, 0];
  private kept: readonly string[] = [];
  private waiting: Page | null = null;
  private topTimer: ReturnType<typeof setTimeout> | undefined;
  private topRunning = false;
  private topAgain = false;
  private topAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly api: LogApi) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): LogState => this.state;

  private set(change: Partial<LogState>): void {
    this.state = { ...this.state, ...change, version: this.state.version + 1 };
    for (const listener of this.listeners) listener();
  }

  /** Shows another filter: after a pause while typing, or at once. */
  show(filter: string, when: "debounced" | "now" = "debounced"): void {
    if (filter === this.wanted && when === "debounced") return;
    this.wanted = filter;
    clearTimeout(this.debounce);
    if (when === "now") void this.read();
    else this.debounce = setTimeout(() => void this.read(), DEBOUNCE_MS);
  }

  /** Asks again, after a failure or when events were missed. Keeps what the user reads in its place. */
  refresh(): void {
    if (this.state.phase === "ready" && this.state.frozen) this.liveTick();
    else void this.read();
  }

  private async read(): Promise<void> {
    clearTimeout(this.debounce);
    this.query.abort();
    const query = new AbortController();
    this.query = query;
    this.refilling.clear();
    this.waiting = null;
    const filter = this.wanted ?? "";
    if (this.state.phase === "ready") this.set({ phase: "stale" });
    try {
      const page = await this.api.activations({ filter, after: null, limit: PAGE_SIZE }, query.signal);
      if (query.signal.aborted) return;
      this.state.rows.reset(page);
      this.set({
        filter,
        phase: "ready",
        error: null,
        loadingMore: false,
        moreError: null,
        fresh: 0,
        freshCapped: false,
      });
    } catch (error) {
      if (query.signal.aborted) return;
      this.set({ filter, phase: "failed", error: error as PanelError, loadingMore: false });
    }
  }

  /** The view tells what it shows; pages around it are fetched, far ones let go, but not those of `kept` runs. */
  look(first: number, last: number, kept: readonly string[] = this.kept): void {
    this.visible = [first, last];
    this.kept = kept;
    const { rows } = this.state;
    if (this.state.phase !== "ready") return;
    if (this.state.moreError) return;
    for (const slot of rows.missing(first - AHEAD, last + AHEAD)) void this.refill(slot);
    if (rows.next && last + AHEAD >= rows.length) void this.more();
    rows.dropFar(first, last, kept);
  }

  /** Reads the next older page. */
  async more(): Promise<void> {
    const { rows } = this.state;
    const after = rows.next;
    if (!after || this.state.loadingMore) return;
    const { signal } = this.query;
    this.set({ loadingMore: true, moreError: null });
    try {
      const page = await this.api.activations({ filter: this.state.filter, after, limit: PAGE_SIZE }, signal);
      if (signal.aborted) return;
      rows.append(after, page);
      this.set({ loadingMore: false });
      this.look(...this.visible);
    } catch (error) {
      if (!signal.aborted) this.set({ loadingMore: false, moreError: error as PanelError });
    }
  }

  /** After an older page failed to load. */
  retryMore(): void {
    this.set({ moreError: null });
    this.look(...this.visible);
  }

  private async refill(slot: Slot): Promise<void> {
    if (this.refilling.has(slot)) return;
    this.refilling.add(slot);
    const { signal } = this.query;
    try {
      const rows: ActivationSummary[] = [];
      let after = slot.after;
      // Late arrivals can have made the stretch longer than a page.
      for (;;) {
        const page = await this.api.activations(
          { filter: this.state.filter, after, limit: PAGE_SIZE },
          signal,
        );
        if (signal.aborted) return;
        rows.push(...page.rows);
        const last = page.rows.at(-1);
        after = page.next;
        if (!after || !last || last.start < slot.last.start || last.id === slot.last.id) break;
      }
      this.state.rows.refill(slot, rows);
      this.set({});
    } catch (error) {
      if (!signal.aborted) this.set({ moreError: error as PanelError });
    } finally {
      this.refilling.delete(slot);
    }
  }

  /** The view says whether the user reads (scrolled, selected or expanded): then nothing moves. */
  hold(frozen: boolean): void {
    if (frozen === this.state.frozen) return;
    this.set({ frozen });
    if (!frozen && this.state.live) this.showNew();
  }

  setLive(live: boolean): void {
    this.set({ live });
    if (live && !this.state.frozen) this.showNew();
  }

  /** Lets the waiting rows in. The list starts over with the newest page: the view goes to the top. */
  showNew(): void {
    if (this.waiting) this.enter(this.waiting);
    else if (this.state.fresh > 0) this.liveTick();
  }

  private enter(page: Page): void {
    this.query.abort();
    this.query = new AbortController();
    this.refilling.clear();
    this.waiting = null;
    this.state.rows.reset(page);
    this.set({ fresh: 0, freshCapped: false, loadingMore: false, moreError: null });
  }

  onEvent(event: PanelEvent): void {
    if (event.type === "lagged") {
      this.refresh();
      return;
    }
    if (event.type !== "activations" || this.state.phase === "first") return;
    if (this.state.rows.update(event.rows)) this.set({});
    const news = event.rows.some((row) => !this.state.rows.has(row.id));
    // A known row may have stopped matching; that is only of interest while rows may leave.
    if (news || !this.holding) this.liveTick();
  }

  private get holding(): boolean {
    return this.state.frozen || !this.state.live;
  }

  private liveTick(): void {
    if (this.topRunning) {
      this.topAgain = true;
      return;
    }
    if (this.topTimer !== undefined) return;
    const wait = Math.max(0, this.topAt + LIVE_EVERY_MS - Date.now());
    this.topTimer = setTimeout(() => {
      this.topTimer = undefined;
      void this.readTop();
    }, wait);
  }

  private async readTop(): Promise<void> {
    if (this.state.phase !== "ready") return;
    this.topRunning = true;
    this.topAt = Date.now();
    const { signal } = this.query;
    try {
      const page = await this.api.activations(
        { filter: this.state.filter, after: null, limit: PAGE_SIZE },
        signal,
      );
      if (!signal.aborted) this.take(page);
    } catch {
      // The next batch asks again; a list that is merely behind is better than one replaced by an error.
    } finally {
      this.topRunning = false;
      if (this.topAgain) {
        this.topAgain = false;
        this.liveTick();
      }
    }
  }

  private take(page: Page): void {
    if (!this.holding) {
      this.enter(page);
      return;
    }
    const unseen = this.state.rows.unseen(page);
    if (unseen.length === 0) return;
    this.waiting = page;
    this.state.rows.update(page.rows);
    this.set({ fresh: unseen.length, freshCapped: unseen.length === page.rows.length && page.next !== null });
  }

  dispose(): void {
    this.wanted = null;
    clearTimeout(this.debounce);
    clearTimeout(this.topTimer);
    this.topTimer = undefined;
    this.query.abort();
  }
}
