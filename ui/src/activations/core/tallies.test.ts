import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Count, Histogram } from "@/platform";
import { DEBOUNCE_MS } from "./log";
import { Tallies } from "./tallies";
import { row } from "./testRows";

const HISTOGRAM: Histogram = { from: 0, to: 10, step: 10, buckets: [] };

let counts: Record<string, number>;
let asked: string[];
let takes: number;
let broken: boolean;
let tallies: Tallies;

const after = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    setTimeout(() => (signal?.aborted ? reject(new Error("aborted")) : resolve()), ms);
  });

beforeEach(() => {
  vi.useFakeTimers();
  counts = { "": 12_431, word: 3 };
  asked = [];
  takes = 0;
  broken = false;
  tallies = new Tallies(
    {
      countActivations: async ({ filter }, signal): Promise<Count> => {
        asked.push(filter);
        await after(takes, signal);
        return { count: counts[filter] ?? 0, capped: false };
      },
      histogram: async (_, signal) => {
        await after(takes, signal);
        if (broken) throw new Error("broken");
        return HISTOGRAM;
      },
    },
    96,
  );
});

afterEach(() => {
  tallies.dispose();
  vi.useRealTimers();
});

const settle = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const happen = () => tallies.onEvent({ type: "activations", rows: [row(1)] });

it("counts once after a pause", async () => {
  tallies.show("w", "");
  tallies.show("word", "");
  await settle(DEBOUNCE_MS + 10);
  expect(asked).toEqual(["word"]);
  expect(tallies.snapshot()).toMatchObject({ filter: "word", count: { count: 3 }, stale: false });
});

it("counts everything only when nothing matches", async () => {
  tallies.show("absent", "");
  await settle(DEBOUNCE_MS + 10);
  expect(asked).toEqual(["absent", ""]);
  expect(tallies.snapshot()).toMatchObject({ count: { count: 0 }, all: { count: 12_431 } });
});

it("keeps the count when the bars fail", async () => {
  broken = true;
  tallies.show("word", "");
  await settle(DEBOUNCE_MS + 10);
  expect(tallies.snapshot()).toMatchObject({ count: { count: 3 }, histogram: null });
});

it("follows a busy log once a second, and comes to an end when counting is slow", async () => {
  tallies.show("word", "");
  await settle(DEBOUNCE_MS + 10);
  takes = 3000;
  counts.word = 4;
  for (let at = 0; at < 100; at += 1) {
    happen();
    await settle(100);
  }
  expect(tallies.snapshot().count).toEqual({ count: 4, capped: false });
  expect(asked.length).toBeLessThanOrEqual(5);
});

it("drops the answer for a filter that is no longer shown", async () => {
  takes = 500;
  tallies.show("word", "");
  await settle(DEBOUNCE_MS + 100);
  tallies.show("absent", "");
  await settle(450);
  expect(tallies.snapshot().count).toBeNull();
  await settle(2000);
  expect(tallies.snapshot()).toMatchObject({ filter: "absent", count: { count: 0 } });
});
