import type { Bucket, Histogram } from "@/platform";

/** The stacks of a bar from the bottom up. */
export const SERIES = [
  { key: "success", label: "Success" },
  { key: "applicationError", label: "App error" },
  { key: "developerError", label: "Dev error" },
  { key: "systemError", label: "System error" },
  { key: "pending", label: "Pending" },
] as const satisfies readonly { key: keyof Bucket; label: string }[];

export type SeriesKey = (typeof SERIES)[number]["key"];

export function totalOf(bucket: Bucket): number {
  return SERIES.reduce((sum, { key }) => sum + bucket[key], 0);
}

/** The top of the scale: a round number at or above the highest bar. */
export function scaleTop(buckets: readonly Bucket[]): number {
  const highest = buckets.reduce((most, bucket) => Math.max(most, totalOf(bucket)), 0);
  if (highest <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  for (const factor of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) {
    if (factor * power >= highest) return factor * power;
  }
  return 10 * power;
}

export interface Segment {
  readonly key: SeriesKey;
  readonly y: number;
  readonly height: number;
}

/**
 * A bar's parts in device pixels, bottom up. A part that is there is at least one pixel high: a single error among
 * thousands must be seen. The bar may then stand a few pixels above its true height.
 */
export function segments(bucket: Bucket, top: number, height: number): Segment[] {
  const parts: Segment[] = [];
  let base = height;
  for (const { key } of SERIES) {
    if (bucket[key] === 0) continue;
    const part = Math.min(base, Math.max(1, Math.round((bucket[key] / top) * height)));
    base -= part;
    parts.push({ key, y: base, height: part });
  }
  return parts;
}

/** Left edge of a bucket; `count` itself is the right edge of the last one. */
export function edge(index: number, count: number, width: number): number {
  return count === 0 ? 0 : Math.round((index * width) / count);
}

/** The bucket under a pointer, held inside. */
export function bucketAt(x: number, count: number, width: number): number {
  if (count === 0 || width <= 0) return 0;
  return Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)));
}

/** A stretch of buckets, both ends included, in either order. */
export interface Span {
  readonly anchor: number;
  readonly head: number;
}

export function ordered(span: Span): [number, number] {
  return span.anchor <= span.head ? [span.anchor, span.head] : [span.head, span.anchor];
}

/** The instants that a stretch covers. */
export function rangeOf(histogram: Histogram, span: Span): { from: number; to: number } {
  const [first, last] = ordered(span);
  return {
    from: histogram.from + first * histogram.step,
    to: Math.min(histogram.to, histogram.from + (last + 1) * histogram.step),
  };
}

export function sum(histogram: Histogram, span: Span): Bucket {
  const [first, last] = ordered(span);
  const total: Bucket = { success: 0, applicationError: 0, developerError: 0, systemError: 0, pending: 0 };
  for (const bucket of histogram.buckets.slice(first, last + 1)) {
    for (const { key } of SERIES) total[key] += bucket[key];
  }
  return total;
}

/** Where the bucket cursor goes for a key, or null when the key is not one of its keys. */
export function moveCursor(at: number | null, key: string, count: number): number | null {
  if (count === 0) return null;
  const last = count - 1;
  const big = Math.max(1, Math.round(count / 10));
  switch (key) {
    case "ArrowLeft":
      return at === null ? last : Math.max(0, at - 1);
    case "ArrowRight":
      return at === null ? 0 : Math.min(last, at + 1);
    case "PageUp":
      return Math.max(0, (at ?? last) - big);
    case "PageDown":
      return Math.min(last, (at ?? 0) + big);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** "12 runs: 10 success, 2 app error", for the tooltip, the live region and the table. */
export function inWords(bucket: Bucket): string {
  const total = totalOf(bucket);
  if (total === 0) return "no runs";
  const parts = SERIES.filter(({ key }) => bucket[key] > 0).map(
    ({ key, label }) => `${bucket[key].toLocaleString("en")} ${label.toLowerCase()}`,
  );
  return `${total.toLocaleString("en")} ${total === 1 ? "run" : "runs"}: ${parts.join(", ")}`;
}

/** Instants for the labels under the bars, on round local times, at most about one every `minGap` pixels. */
export function ticks(from: number, to: number, width: number, minGap = 96): number[] {
  const length = to - from;
  if (length <= 0 || width <= 0) return [];
  const most = Math.max(1, Math.floor(width / minGap));
  const step = STEPS.find((s) => length / s <= most) ?? Math.ceil(length / most / DAY) * DAY;
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  const found: number[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at < to; at += step) found.push(at);
  return found;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const STEPS = [
  1000,
  5000,
  15_000,
  30_000,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  60 * MINUTE,
  120 * MINUTE,
  180 * MINUTE,
  360 * MINUTE,
  720 * MINUTE,
  DAY,
  2 * DAY,
  7 * DAY,
];
