const UNITS: Record<string, number> = { "": 1, ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

/** Presets of the time control: the `from:` value, and how the button is called. */
export const PRESETS = [
  { from: "-15m", label: "15m", title: "Last 15 minutes" },
  { from: "-1h", label: "1h", title: "Last hour" },
  { from: "-24h", label: "24h", title: "Last 24 hours" },
  { from: "-72h", label: "72h", title: "Last 72 hours" },
  { from: null, label: "All", title: "All times" },
] as const;

/** The instant that a `from:` or `to:` value means, or null. The parser in the panel decides; this one only shows it. */
export function readInstant(value: string, now: number): number | null {
  if (value === "now") return now;
  const back = /^-(\d+)(ms|s|m|h|d)?$/u.exec(value);
  if (back) return now - Number(back[1]) * (UNITS[back[2] ?? ""] ?? 1);
  if (/^\d{11,}$/u.test(value)) return Number(value);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?Z?$/u.test(value)) return null;
  const stripped = value.replace(/Z$/u, "");
  const at = Date.parse(stripped.includes("T") ? `${stripped}Z` : `${stripped}T00:00Z`);
  return Number.isNaN(at) ? null : at;
}

/** How an instant is written in a filter: UTC, no more digits than it needs. */
export function writeInstant(at: number): string {
  const iso = new Date(at).toISOString();
  return iso.replace(/(:00)?\.000Z$/u, "Z");
}

const two = (n: number) => String(n).padStart(2, "0");

/** The value of a `datetime-local` field. */
export function toLocalField(at: number): string {
  const d = new Date(at);
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const seconds = d.getSeconds() === 0 ? "" : `:${two(d.getSeconds())}`;
  return `${date}T${two(d.getHours())}:${two(d.getMinutes())}${seconds}`;
}

/** The instant that a `datetime-local` field means: local time. */
export function fromLocalField(value: string): number | null {
  const at = new Date(value).getTime();
  return value === "" || Number.isNaN(at) ? null : at;
}

/** A row's time: the hour alone today, with the date before that. Local. */
export function shortTime(at: number, now: number): string {
  const d = new Date(at);
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const n = new Date(now);
  if (d.toDateString() === n.toDateString()) return time;
  const date = `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return d.getFullYear() === n.getFullYear() ? `${date} ${time}` : `${d.getFullYear()}-${date} ${time}`;
}

export function fullLocal(at: number): string {
  const d = new Date(at);
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const ms = String(d.getMilliseconds()).padStart(3, "0");
  return `${date} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${ms}`;
}

export function fullUtc(at: number): string {
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

const DAY_MS = 86_400_000;

/** A stretch of time in as few characters as tell it: the date once, seconds only where there are any. */
export function rangeText(from: number, to: number, now: number): string {
  const seconds = from % 60_000 !== 0 || to % 60_000 !== 0;
  const cut = (text: string) => (seconds ? text : text.replace(/:00$/u, ""));
  const first = cut(shortTime(from, now));
  const last = cut(shortTime(to, now));
  const day = first.includes(" ") ? first.slice(0, first.lastIndexOf(" ") + 1) : "";
  const oneDay = to - from < DAY_MS && day !== "" && last.startsWith(day);
  return `${first} – ${oneDay ? last.slice(day.length) : last}`;
}

/** What a time range of the filter is called on its button. */
export function rangeLabel(from: string | null, to: string | null, now: number): string {
  const preset = to === null || to === "now" ? PRESETS.find((p) => p.from === from) : undefined;
  if (preset) return preset.title;
  const start = from === null ? null : readInstant(from, now);
  const end = to === null ? null : readInstant(to, now);
  if (start !== null && end !== null && to !== "now") return rangeText(start, end, now);
  const name = (value: string | null, open: string) => {
    if (value === null || value === "now") return open;
    const at = readInstant(value, now);
    return at === null ? value : shortTime(at, now);
  };
  return `${name(from, "the beginning")} – ${name(to, "now")}`;
}
