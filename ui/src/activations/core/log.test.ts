import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ActivationSummary } from "@/platform";
import { ActivationLog, DEBOUNCE_MS, LIVE_EVERY_MS } from "./log";
import { PAGE_SIZE } from "./rows";
import { Journal, row } from "./testRows";

let journal: Journal;
let log: ActivationLog;

beforeEach(() => {
  vi.useFakeTimers();
  journal = new Journal();
  log = new ActivationLog(journal);
});

afterEach(() => {
  log.dispose();
  vi.useRealTimers();
});

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const rows = () => log.snapshot().rows;
const live = (...changed: ActivationSummary[]) => {
  journal.put(...changed);
  log.onEvent({ type: "activations", rows: changed });
};

async function start(count: number, filter = ""): Promise<void> {
  journal.put(...Array.from({ length: count }, (_, n) => row(n)));
  log.show(filter, "now");
  await settle();
}

describe("reading", () => {
  it("waits for a pause in typing, and asks once", async () => {
    journal.put(row(1));
    for (const text of ["e", "er", "err"]) {
      log.show(text);
      await settle(DEBOUNCE_MS / 2);
    }
    expect(journal.asked).toEqual([]);
    await settle(DEBOUNCE_MS);
    expect(journal.asked.map(({ filter }) => filter)).toEqual(["err"]);
  });

  it("keeps the old rows while the new ones are on their way, and drops an overtaken answer", async () => {
    await start(3);
    journal.matches = (filter, { status }) => filter === "" || status === "lost";
    journal.put(row(9, { status: "lost" }));
    log.show("status:lost", "now");
    expect(log.snapshot().phase).toBe("stale");
    expect(rows().length).toBe(3);
    log.show("", "now");
    await settle();
    expect(log.snapshot()).toMatchObject({ phase: "ready", filter: "" });
    expect(rows().length).toBe(4);
  });

  it("shows a failure and recovers", async () => {
    journal.fail = { code: "internal", message: "The journal cannot be read.", retryable: true };
    await start(3);
    expect(log.snapshot()).toMatchObject({ phase: "failed", error: { code: "internal" } });
    journal.fail = null;
    log.refresh();
    await settle();
    expect(log.snapshot()).toMatchObject({ phase: "ready", error: null });
  });

  it("starts again after it was disposed, as React's strict mode does", async () => {
    journal.put(row(1));
    log.show("");
    log.dispose();
    log.show("");
    await settle(DEBOUNCE_MS);
    expect(rows().length).toBe(1);
  });
});

describe("paging", () => {
  it("reads on by keyset, without gaps or doubles", async () => {
    await start(PAGE_SIZE * 3 + 7);
    while (rows().next) {
      log.look(rows().length - 40, rows().length - 1);
      await settle();
    }
    const ids = Array.from({ length: rows().length }, (_, at) => rows().at(at)?.id);
    expect(ids).toEqual(journal.rows.map(({ id }) => id));
  });

  it("lets far pages go and fetches them back in their places", async () => {
    await start(PAGE_SIZE * 12);
    while (rows().next) {
      log.look(rows().length - 40, rows().length - 1);
      await settle();
    }
    expect(rows().length).toBe(PAGE_SIZE * 12);
    expect(rows().held).toBeLessThanOrEqual(PAGE_SIZE * 6);
    expect(rows().at(0)).toBeNull();
    log.look(0, 40);
    await settle();
    expect(rows().at(0)).toEqual(row(PAGE_SIZE * 12 - 1));
    expect(rows().at(PAGE_SIZE * 11)).toBeNull();
  });

  it("keeps the page of a run that is open or selected", async () => {
    await start(PAGE_SIZE * 8);
    const open = row(PAGE_SIZE * 8 - 1).id;
    while (rows().next) {
      log.look(rows().length - 40, rows().length - 1, [open]);
      await settle();
    }
    expect(rows().indexOf(open)).toBe(0);
    expect(rows().at(PAGE_SIZE + 1)).toBeNull();
  });

  it("takes in rows that arrived late inside a page that was let go", async () => {
    await start(PAGE_SIZE * 8);
    while (rows().next) {
      log.look(rows().length - 40, rows().length - 1);
      await settle();
    }
    const late = row(PAGE_SIZE * 8 - 2, { id: "f".repeat(32) });
    journal.put(late);
    log.look(0, 40);
    await settle();
    expect(rows().length).toBe(PAGE_SIZE * 8 + 1);
    expect(rows().indexOf(late.id)).toBe(1);
  });

  it("says when an older page cannot be read, and tries again when told", async () => {
    await start(PAGE_SIZE * 2);
    journal.fail = { code: "busy", message: "Busy.", retryable: true };
    log.look(PAGE_SIZE - 20, PAGE_SIZE - 1);
    await settle();
    expect(log.snapshot().moreError).toMatchObject({ code: "busy" });
    const before = journal.asked.length;
    log.look(PAGE_SIZE - 20, PAGE_SIZE - 1);
    await settle();
    expect(journal.asked.length).toBe(before);
    journal.fail = null;
    log.retryMore();
    await settle();
    expect(rows().length).toBe(PAGE_SIZE * 2);
  });
});

describe("live", () => {
  it("lets a new run in at the top", async () => {
    await start(3);
    live(row(10, { status: "running" }));
    await settle(LIVE_EVERY_MS);
    expect(rows().at(0)?.id).toBe(row(10).id);
  });

  it("updates a row in place, even while nothing may move", async () => {
    await start(3);
    live(row(10, { status: "running" }));
    await settle(LIVE_EVERY_MS);
    log.hold(true);
    const asked = journal.asked.length;
    live(row(10, { status: "success" }));
    expect(rows().at(0)).toMatchObject({ id: row(10).id, status: "success" });
    await settle(LIVE_EVERY_MS * 4);
    expect(journal.asked.length).toBe(asked);
  });

  it("never shows a row that the filter excludes", async () => {
    journal.matches = (filter, { function: name }) => filter === "" || name === "other";
    await start(3, "fn:other");
    expect(rows().length).toBe(0);
    live(row(10));
    await settle(LIVE_EVERY_MS);
    expect(rows().length).toBe(0);
    live(row(11, { function: "other" }));
    await settle(LIVE_EVERY_MS);
    expect(rows().length).toBe(1);
  });

  it("asks at most four times a second, and not for nothing", async () => {
    await start(3);
    const before = journal.asked.length;
    for (let n = 0; n < 100; n += 1) {
      live(row(100 + n));
      await settle(10);
    }
    await settle(LIVE_EVERY_MS);
    expect(journal.asked.length - before).toBeLessThanOrEqual(6);
    expect(rows().length).toBe(103);
    const after = journal.asked.length;
    await settle(5000);
    expect(journal.asked.length).toBe(after);
  });

  it("counts what waits while the user reads, and lets it in when told", async () => {
    await start(5);
    log.hold(true);
    live(row(10), row(11));
    await settle(LIVE_EVERY_MS);
    live(row(12));
    await settle(LIVE_EVERY_MS);
    expect(log.snapshot()).toMatchObject({ fresh: 3, freshCapped: false });
    expect(rows().length).toBe(5);
    log.showNew();
    expect(log.snapshot().fresh).toBe(0);
    expect(rows().at(0)?.id).toBe(row(12).id);
    expect(rows().length).toBe(8);
  });

  it("says so when more wait than a page holds", async () => {
    await start(5);
    log.hold(true);
    live(...Array.from({ length: PAGE_SIZE + 50 }, (_, n) => row(100 + n)));
    await settle(LIVE_EVERY_MS);
    expect(log.snapshot()).toMatchObject({ fresh: PAGE_SIZE, freshCapped: true });
  });

  it("does not take older rows for new ones when a page far down is held", async () => {
    await start(PAGE_SIZE * 2);
    log.hold(true);
    live(row(-5));
    await settle(LIVE_EVERY_MS);
    expect(log.snapshot().fresh).toBe(0);
  });

  it("lets everything in when the user goes back to the top, unless live is off", async () => {
    await start(5);
    log.hold(true);
    live(row(10));
    await settle(LIVE_EVERY_MS);
    log.setLive(false);
    log.hold(false);
    expect(rows().length).toBe(5);
    log.setLive(true);
    await settle(LIVE_EVERY_MS);
    expect(rows().length).toBe(6);
  });

  it("removes a row that stopped matching once the user is at the top", async () => {
    journal.matches = (filter, { status }) => filter === "" || status === "running";
    journal.put(row(1, { status: "running" }));
    log.show("status:running", "now");
    await settle();
    live(row(1, { status: "success" }));
    expect(rows().length).toBe(1);
    await settle(LIVE_EVERY_MS);
    expect(rows().length).toBe(0);
  });

  it("reads everything again after missed events", async () => {
    await start(3);
    journal.put(row(10));
    log.onEvent({ type: "lagged" });
    await settle(LIVE_EVERY_MS);
    expect(rows().length).toBe(4);
  });
});

describe("finding", () => {
  it("finds the next and previous error among loaded rows", async () => {
    journal.put(row(1), row(2, { status: "timed_out" }), row(3), row(4, { status: "lost" }));
    log.show("", "now");
    await settle();
    const failed = ({ status }: ActivationSummary) => status !== "success";
    expect(rows().find(1, 1, failed)).toBe(2);
    expect(rows().find(1, -1, failed)).toBe(0);
    expect(rows().find(3, 1, failed)).toBe(-1);
  });
});
