import { describe, expect, it } from "vitest";
import { bottomOf, drawn, type Geometry, heightOf, indexAt, keep, reveal, topOf, visible } from "./geometry";

const ROW = 28;
const closed: Geometry = { count: 1000, row: ROW, open: -1, panel: 300 };
const open: Geometry = { ...closed, open: 10 };

describe("rows and one panel", () => {
  it("stand where arithmetic says", () => {
    expect(heightOf(closed)).toBe(28_000);
    expect(heightOf(open)).toBe(28_300);
    expect(topOf(open, 10)).toBe(280);
    expect(topOf(open, 11)).toBe(11 * ROW + 300);
    expect(bottomOf(open, 10)).toBe(topOf(open, 11));
  });

  it("are found at every height again", () => {
    for (const g of [closed, open]) {
      for (let index = 0; index < 40; index += 1) {
        expect(indexAt(g, topOf(g, index))).toBe(index);
        expect(indexAt(g, bottomOf(g, index) - 1)).toBe(index);
      }
    }
    expect(indexAt(closed, 1e9)).toBe(999);
    expect(indexAt({ count: 0, row: ROW, open: -1, panel: 300 }, 50)).toBe(0);
  });

  it("are few, however many there are", () => {
    const [first, last] = drawn({ count: 1_000_000, row: ROW, open: -1, panel: 300 }, 14_000_000, 800);
    expect(last - first).toBeLessThan(60);
    expect(drawn({ count: 0, row: ROW, open: -1, panel: 300 }, 0, 800)).toEqual([0, -1]);
    expect(visible(closed, 0, 280)).toEqual([0, 9]);
  });
});

describe("scrolling", () => {
  it("moves as little as is needed", () => {
    expect(reveal(closed, 5, 0, 280)).toBe(0);
    expect(reveal(closed, 20, 0, 280)).toBe(21 * ROW - 280);
    expect(reveal(closed, 2, 280, 280)).toBe(2 * ROW);
  });

  it("shows the head of a panel that is higher than the view", () => {
    expect(reveal(open, 10, 0, 200)).toBe(280);
  });

  it("keeps a row in its place when a panel above it closes", () => {
    expect(keep(open, closed, 50, 1500)).toBe(1200);
    expect(keep(open, { ...closed, open: 50 }, 50, 1500)).toBe(1200);
  });
});
