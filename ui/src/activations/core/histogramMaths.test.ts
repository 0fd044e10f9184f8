import { describe, expect, it } from "vitest";
import type { Bucket, Histogram } from "@/platform";
import {
  bucketAt,
  edge,
  inWords,
  moveCursor,
  rangeOf,
  scaleTop,
  segments,
  sum,
  ticks,
} from "./histogramMaths";

const bucket = (change: Partial<Bucket> = {}): Bucket => ({
  success: 0,
  applicationError: 0,
  developerError: 0,
  systemError: 0,
  pending: 0,
  ...change,
});

const histogram: Histogram = {
  from: 1000,
  to: 4500,
  step: 1000,
  buckets: [bucket({ success: 2 }), bucket(), bucket({ success: 1, systemError: 1 }), bucket({ pending: 4 })],
};

describe("bars", () => {
  it("meet without gaps from edge to edge", () => {
    expect([0, 1, 2, 3].map((at) => edge(at, 3, 100))).toEqual([0, 33, 67, 100]);
  });

  it("are found under the pointer, also outside", () => {
    expect([-5, 0, 33, 34, 99.9, 200].map((x) => bucketAt(x, 3, 100))).toEqual([0, 0, 0, 1, 2, 2]);
    expect(bucketAt(10, 0, 100)).toBe(0);
  });

  it("show a single error among thousands", () => {
    const parts = segments(bucket({ success: 5000, systemError: 1 }), 5000, 60);
    expect(parts.find(({ key }) => key === "systemError")?.height ?? 0).toBe(0);
    const room = segments(bucket({ success: 4000, systemError: 1 }), 5000, 60);
    expect(room.find(({ key }) => key === "systemError")?.height).toBe(1);
  });

  it("stack from the bottom and stay inside", () => {
    const parts = segments(bucket({ success: 30, applicationError: 30 }), 100, 100);
    expect(parts).toEqual([
      { key: "success", y: 70, height: 30 },
      { key: "applicationError", y: 40, height: 30 },
    ]);
  });

  it("have a round scale", () => {
    expect([0, 1, 3, 7, 11, 41, 99, 101].map((n) => scaleTop([bucket({ success: n })]))).toEqual([
      1, 1, 3, 8, 15, 50, 100, 150,
    ]);
  });
});

describe("a stretch", () => {
  it("is the same in both directions, and ends with the histogram", () => {
    expect(rangeOf(histogram, { anchor: 1, head: 2 })).toEqual({ from: 2000, to: 4000 });
    expect(rangeOf(histogram, { anchor: 3, head: 2 })).toEqual({ from: 3000, to: 4500 });
    expect(sum(histogram, { anchor: 3, head: 0 })).toEqual(
      bucket({ success: 3, systemError: 1, pending: 4 }),
    );
  });

  it("is read out in words", () => {
    expect(inWords(bucket())).toBe("no runs");
    expect(inWords(bucket({ success: 1 }))).toBe("1 run: 1 success");
    expect(inWords(bucket({ success: 1200, systemError: 2 }))).toBe(
      "1,202 runs: 1,200 success, 2 system error",
    );
  });
});

describe("the cursor", () => {
  it("moves by keys and stops at the ends", () => {
    expect(moveCursor(null, "ArrowLeft", 60)).toBe(59);
    expect(moveCursor(0, "ArrowLeft", 60)).toBe(0);
    expect(moveCursor(59, "ArrowRight", 60)).toBe(59);
    expect(moveCursor(10, "PageDown", 60)).toBe(16);
    expect(moveCursor(10, "x", 60)).toBeNull();
    expect(moveCursor(null, "End", 0)).toBeNull();
  });
});

describe("ticks", () => {
  it("stand on round times and keep their distance", () => {
    const from = new Date(2026, 10, 21, 5, 7).getTime();
    const marks = ticks(from, from + 3_600_000, 600);
    expect(marks.length).toBeGreaterThan(2);
    expect(marks.length).toBeLessThanOrEqual(7);
    for (const at of marks) expect(new Date(at).getMinutes() % 5).toBe(0);
  });

  it("give up on nothing", () => {
    expect(ticks(5, 5, 600)).toEqual([]);
    expect(ticks(0, 10, 0)).toEqual([]);
  });
});
