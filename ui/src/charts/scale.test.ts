import { expect, it } from "vitest";
import { axisTicks, largest, moveCursor, stretches } from "./scale";

it("has few, round values on the axis, the largest at its top or below", () => {
  expect(axisTicks(37, "count")).toEqual([0, 20, 40]);
  expect(axisTicks(1, "count")).toEqual([0, 1]);
  expect(axisTicks(0, "count")).toEqual([0, 1]);
  expect(axisTicks(0.031, "ms")).toEqual([0, 0.02, 0.04]);
  expect(axisTicks(0.7, "share")).toEqual([0, 0.5, 1]);
  expect(axisTicks(70 * 1024 ** 2, "bytes")).toEqual([0, 64 * 1024 ** 2, 128 * 1024 ** 2]);
});

it("stacks bars, and not lines", () => {
  const all = [
    [1, null, 5],
    [4, 6, null],
  ];
  expect(largest(all, false)).toBe(6);
  expect(largest(all, true)).toBe(6);
  expect(largest([[3], [4]], true)).toBe(7);
});

it("breaks a line where nothing is known", () => {
  expect(stretches([null, 1, 2, null, 0, null])).toEqual([
    [1, 2],
    [4, 4],
  ]);
});

it("moves through the steps by keys", () => {
  expect(moveCursor(null, "ArrowLeft", 5)).toBe(4);
  expect(moveCursor(4, "ArrowLeft", 5)).toBe(3);
  expect(moveCursor(4, "ArrowRight", 5)).toBe(4);
  expect(moveCursor(2, "Home", 5)).toBe(0);
  expect(moveCursor(2, "a", 5)).toBeNull();
});
