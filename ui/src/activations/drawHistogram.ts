import type { Histogram } from "@/platform";
import { edge, type SeriesKey, scaleTop, segments, ticks } from "./core/histogramMaths";
import { shortTime } from "./core/time";

export const BARS_HEIGHT = 56;
export const LABELS_HEIGHT = 16;

export interface Palette {
  readonly series: Record<SeriesKey, string>;
  readonly line: string;
  readonly label: string;
  readonly font: string;
}

/** Draws all bars and the times below them. Takes less than a millisecond for 120 bars. */
export function drawHistogram(
  canvas: HTMLCanvasElement,
  histogram: Histogram,
  width: number,
  palette: Palette,
): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.round((BARS_HEIGHT + LABELS_HEIGHT) * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  const bottom = Math.round(BARS_HEIGHT * ratio);

  context.fillStyle = palette.line;
  context.fillRect(0, bottom, canvas.width, Math.max(1, Math.round(ratio)));

  const top = scaleTop(histogram.buckets);
  const count = histogram.buckets.length;
  histogram.buckets.forEach((bucket, index) => {
    const left = edge(index, count, canvas.width);
    // A gap where there is room for one.
    const right =
      edge(index + 1, count, canvas.width) - (canvas.width / count > 4 * ratio ? Math.round(ratio) : 0);
    for (const { key, y, height } of segments(bucket, top, bottom)) {
      context.fillStyle = palette.series[key];
      context.fillRect(left, y, Math.max(1, right - left), height);
      if (key === "systemError") hatch(context, left, y, right - left, height, palette.line);
    }
  });

  context.fillStyle = palette.label;
  context.font = `${Math.round(11 * ratio)}px ${palette.font}`;
  context.textBaseline = "bottom";
  const long = histogram.to - histogram.from > 86_400_000;
  for (const at of ticks(histogram.from, histogram.to, width)) {
    const x = ((at - histogram.from) / (histogram.to - histogram.from)) * canvas.width;
    const text = label(at, histogram.step, long);
    const wide = context.measureText(text).width;
    if (x + wide > canvas.width) continue;
    context.fillRect(Math.round(x), bottom, Math.max(1, Math.round(ratio)), Math.round(4 * ratio));
    context.fillText(text, Math.round(x + 3 * ratio), canvas.height);
  }
}

/** Stripes tell system errors from the others without colour. */
function hatch(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
): void {
  context.fillStyle = colour;
  for (let at = y + 2; at < y + height; at += 4) context.fillRect(x, at, width, 1);
}

function label(at: number, step: number, long: boolean): string {
  const [date, time] = shortTime(at, 0).slice(5).split(" ");
  const clock = (time ?? "").slice(0, step < 10_000 && !long ? 8 : 5);
  if (!long) return clock;
  return clock === "00:00" ? (date ?? "") : `${date} ${clock}`;
}
