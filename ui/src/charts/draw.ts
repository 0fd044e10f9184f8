import { edge, ticks } from "@/activations/core/histogramMaths";
import { shortTime } from "@/activations/core/time";
import type { Colour } from "./colours";
import { axisTicks, largest, stretches, type Unit, type Values } from "./scale";
import { axisText } from "./text";

export const HEIGHT = 112;
/** Room for the values on the left, and for the times below. */
export const LEFT = 52;
export const BELOW = 18;
const ABOVE = 8;

export interface Series {
  readonly label: string;
  readonly colour: Colour;
  readonly values: Values;
  /** Lines only: the second of two is told apart by it. */
  readonly dashed?: boolean;
}

export interface Drawing {
  readonly from: number;
  readonly step: number;
  readonly unit: Unit;
  readonly shape: "bars" | "lines";
  readonly series: readonly Series[];
}

export interface Inks {
  readonly of: Readonly<Record<Colour | "line" | "label", string>>;
  readonly font: string;
}

/** Draws axes, values and times. */
export function draw(canvas: HTMLCanvasElement, drawing: Drawing, width: number, inks: Inks): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.round(HEIGHT * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  context.font = `11px ${inks.font}`;
  const { series, shape, unit } = drawing;
  const values = series.map((each) => each.values);
  const levels = axisTicks(largest(values, shape === "bars"), unit);
  const top = levels.at(-1) ?? 1;
  const bottom = HEIGHT - BELOW;
  const y = (value: number) => bottom - (value / top) * (bottom - ABOVE);

  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const level of levels) {
    context.fillStyle = inks.of.line;
    context.fillRect(LEFT, Math.round(y(level)), width - LEFT, 1);
    context.fillStyle = inks.of.label;
    context.fillText(axisText(level, unit), LEFT - 6, y(level));
  }
  const plot = { left: LEFT, width: width - LEFT, y };
  if (shape === "bars") drawBars(context, series, plot, inks);
  else for (const each of series) drawLine(context, each, plot, inks);
  drawTimes(context, drawing, plot, inks);
}

interface Plot {
  readonly left: number;
  readonly width: number;
  readonly y: (value: number) => number;
}

function drawBars(
  context: CanvasRenderingContext2D,
  series: readonly Series[],
  { left, width, y }: Plot,
  inks: Inks,
): void {
  const count = series[0]?.values.length ?? 0;
  const gap = width / count > 4 ? 1 : 0;
  for (let at = 0; at < count; at += 1) {
    const x = edge(at, count, width);
    const wide = Math.max(1, edge(at + 1, count, width) - x - gap);
    let below = 0;
    for (const { values, colour } of series) {
      const value = values[at] ?? 0;
      if (value <= 0) continue;
      context.fillStyle = inks.of[colour];
      // What is there at all is seen.
      const height = Math.max(1, y(below) - y(below + value));
      context.fillRect(left + x, y(below) - height, wide, height);
      below += value;
    }
  }
}

function drawLine(
  context: CanvasRenderingContext2D,
  { values, colour, dashed }: Series,
  { left, width, y }: Plot,
  inks: Inks,
): void {
  const x = (at: number) => left + ((at + 0.5) / values.length) * width;
  context.strokeStyle = inks.of[colour];
  context.fillStyle = inks.of[colour];
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.setLineDash(dashed ? [4, 3] : []);
  for (const [first, last] of stretches(values)) {
    if (first === last) {
      context.fillRect(x(first) - 1.5, y(values[first] ?? 0) - 1.5, 3, 3);
      continue;
    }
    context.beginPath();
    for (let at = first; at <= last; at += 1) context.lineTo(x(at), y(values[at] ?? 0));
    context.stroke();
  }
  context.setLineDash([]);
}

function drawTimes(
  context: CanvasRenderingContext2D,
  { from, step, series }: Drawing,
  { left, width }: Plot,
  inks: Inks,
): void {
  const to = from + step * (series[0]?.values.length ?? 0);
  const bottom = HEIGHT - BELOW;
  const long = to - from > 86_400_000;
  context.fillStyle = inks.of.label;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  for (const at of ticks(from, to, width)) {
    const x = Math.round(left + ((at - from) / (to - from)) * width);
    const [date = "", time = ""] = shortTime(at, 0).slice(5).split(" ");
    const clock = time.slice(0, 5);
    const text = !long ? clock : clock === "00:00" ? date : `${date} ${clock}`;
    if (x + 3 + context.measureText(text).width > left + width) continue;
    context.fillRect(x, bottom, 1, 4);
    context.fillText(text, x + 3, HEIGHT);
  }
}
