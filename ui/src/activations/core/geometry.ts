export const MIN_PANEL = 160;
export const MAX_PANEL = 1200;
export const DEFAULT_PANEL = 340;

/** Rows drawn outside the visible ones on each side. */
const OVERSCAN = 8;

/** Where everything is: rows of one height, and at most one of them opened by a panel of a known height. */
export interface Geometry {
  readonly count: number;
  /** Height of a row, px. */
  readonly row: number;
  /** The opened row's index, or -1. */
  readonly open: number;
  readonly panel: number;
}

export function heightOf(g: Geometry): number {
  return g.count * g.row + (isOpen(g) ? g.panel : 0);
}

function isOpen(g: Geometry): boolean {
  return g.open >= 0 && g.open < g.count;
}

export function topOf(g: Geometry, index: number): number {
  return index * g.row + (isOpen(g) && index > g.open ? g.panel : 0);
}

export function bottomOf(g: Geometry, index: number): number {
  return topOf(g, index) + g.row + (index === g.open && isOpen(g) ? g.panel : 0);
}

/** The row at a height; inside the panel, the opened row. */
export function indexAt(g: Geometry, y: number): number {
  const last = Math.max(0, g.count - 1);
  if (!isOpen(g) || y < (g.open + 1) * g.row) return clamp(Math.floor(y / g.row), 0, last);
  if (y < (g.open + 1) * g.row + g.panel) return g.open;
  return clamp(Math.floor((y - g.panel) / g.row), 0, last);
}

/** The visible rows, both included. */
export function visible(g: Geometry, scrollTop: number, viewport: number): [number, number] {
  return [indexAt(g, scrollTop), indexAt(g, Math.max(scrollTop, scrollTop + viewport - 1))];
}

/** The rows to draw, both included; the second is below the first when there are none. */
export function drawn(g: Geometry, scrollTop: number, viewport: number): [number, number] {
  if (g.count === 0) return [0, -1];
  const [first, last] = visible(g, scrollTop, viewport);
  return [Math.max(0, first - OVERSCAN), Math.min(g.count - 1, last + OVERSCAN)];
}

/** How far to scroll so that a row, or as much of it as fits, is seen; the smallest move. */
export function reveal(g: Geometry, index: number, scrollTop: number, viewport: number): number {
  const top = topOf(g, index);
  const bottom = bottomOf(g, index);
  if (top < scrollTop) return top;
  if (bottom > scrollTop + viewport) return Math.min(top, bottom - viewport);
  return scrollTop;
}

/** Where to scroll so that `index` stays on its place of the screen when another row opens or closes. */
export function keep(before: Geometry, after: Geometry, index: number, scrollTop: number): number {
  return Math.max(0, scrollTop + topOf(after, index) - topOf(before, index));
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
