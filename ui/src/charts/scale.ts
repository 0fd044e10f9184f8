/** The unit that a chart's values are in. */
export type Unit = "count" | "ms" | "bytes" | "share";

/** Values of the axis from 0 up, few and round; the last is at least `most`. */
export function axisTicks(most: number, unit: Unit): number[] {
  if (!(most > 0)) return [0, unit === "share" || unit === "count" || unit === "ms" ? 1 : 1024];
  const base = unit === "bytes" ? 1024 : 10;
  const power = base ** Math.floor(Math.log(most) / Math.log(base));
  const factors = unit === "bytes" ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] : [1, 2, 4, 5, 10];
  let top = power * (factors.find((factor) => factor * power >= most) ?? base);
  // Counts are whole, and so are their ticks.
  if (unit === "count") top = Math.max(1, Math.ceil(top));
  if (unit === "share") top = Math.min(1, top);
  const parts = unit === "count" && top < 2 ? 1 : 2;
  return Array.from({ length: parts + 1 }, (_, at) => (top / parts) * at);
}

/** A series without a value for a step has a gap there. */
export type Values = ReadonlyArray<number | null>;

/** The largest value: of lines the highest, of bars the tallest stack. */
export function largest(all: readonly Values[], stacked: boolean): number {
  let most = 0;
  for (let at = 0; at < (all[0]?.length ?? 0); at += 1) {
    let sum = 0;
    for (const values of all) {
      const value = values[at] ?? 0;
      most = Math.max(most, value);
      sum += value;
    }
    if (stacked) most = Math.max(most, sum);
  }
  return most;
}

/** The stretches of a line between its gaps, as pairs of first and last index. */
export function stretches(values: Values): Array<[number, number]> {
  const found: Array<[number, number]> = [];
  values.forEach((value, at) => {
    if (value === null) return;
    const last = found.at(-1);
    if (last !== undefined && last[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  });
  return found;
}

/** Where the cursor goes for a key; null for keys that do not move it. */
export function moveCursor(cursor: number | null, key: string, count: number): number | null {
  if (count === 0) return null;
  const from = cursor ?? count - 1;
  const next = {
    ArrowLeft: cursor === null ? from : from - 1,
    ArrowRight: cursor === null ? from : from + 1,
    PageUp: from - 10,
    PageDown: from + 10,
    Home: 0,
    End: count - 1,
  }[key];
  return next === undefined ? null : Math.min(count - 1, Math.max(0, next));
}
