import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration, formatRelative } from "./format";

describe("formatDuration", () => {
  it.each([
    [null, "–"],
    [0, "0 ms"],
    [0.4, "0.4 ms"],
    [1, "1 ms"],
    [840, "840 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [1240, "1.24 s"],
    [9999, "10.0 s"],
    [59_900, "59.9 s"],
    [59_999, "1 min"],
    [125_000, "2 min 5 s"],
    [3_600_000, "1 h"],
    [11_040_000, "3 h 4 min"],
    [172_800_000, "2 days"],
  ])("%s is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KB"],
    [1536, "1.5 KB"],
    [10_485_760, "10 MB"],
  ])("%s is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe("formatRelative", () => {
  const now = 1_000_000_000_000;
  it.each([
    [0, "just now"],
    [-12_000, "12 s ago"],
    [-90_000, "2 min ago"],
    [-7_200_000, "2 h ago"],
    [3 * 86_400_000, "in 3 days"],
    [86_400_000, "in 1 day"],
  ])("%s ms away is %s", (delta, text) => expect(formatRelative(now + delta, now)).toBe(text));
});

it("formatCount groups digits", () => expect(formatCount(1_234_567)).toBe("1 234 567"));
