import type { LogLine } from "@/platform";

const ESC = String.fromCharCode(27);

/** Colours and cursor moves that tools write for a terminal. */
const ESCAPES = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*[@-~]`, "gu");

/** A line for reading: terminal escapes taken out. *Copy* gives the line as it was written. */
export function readable(text: string): string {
  return text.includes(ESC) ? text.replace(ESCAPES, "") : text;
}

const two = (n: number) => String(n).padStart(2, "0");

/** Local time to the millisecond. */
export function clockTime(atUs: number): string {
  const d = new Date(Math.floor(atUs / 1000));
  if (Number.isNaN(d.getTime())) return "–";
  const ms = String(d.getMilliseconds()).padStart(3, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${ms}`;
}

/** UTC to the microsecond, as a provider's log has it. */
export function utcTime(atUs: number): string {
  const d = new Date(Math.floor(atUs / 1000));
  // A server may say any number; not every one is a date.
  if (Number.isNaN(d.getTime())) return "–";
  const us = String(Math.floor(atUs % 1_000_000)).padStart(6, "0");
  return d.toISOString().replace(/\.\d{3}Z$/u, `.${us}Z`);
}

export function logText(lines: readonly LogLine[]): string {
  return lines.map(({ at_us, stream, text }) => `${utcTime(at_us)} ${stream}: ${text}`).join("\n");
}
