/** A duration as people say it: `0 ms`, `840 ms`, `1.24 s`, `2 min 5 s`, `3 h 4 min`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms > 0 && ms < 0.05) return "< 0.1 ms";
  if (ms > 0 && ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return join(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return join(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return join(Math.floor(hours / 24), "days", hours % 24, "h");
}

function join(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}

/** Bytes in powers of 1024: `12 B`, `1.5 KB`, `10 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-GB").replaceAll(",", " ");
}

/** `just now`, `12 s ago`, `in 3 days`. */
export function formatRelative(at: number, now: number): string {
  const delta = at - now;
  const size = Math.abs(delta);
  if (size < 5_000) return "just now";
  const text = relativeSize(size);
  return delta < 0 ? `${text} ago` : `in ${text}`;
}

function relativeSize(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${hours} h`;
  const days = Math.round(hours / 24);
  return days === 1 ? "1 day" : `${days} days`;
}

const LOCAL = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Local date and time with seconds. */
export function formatDateTime(at: number): string {
  return LOCAL.format(at);
}

const DAY = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "short", day: "numeric" });

/** The local day: `21 Dec 2026`. */
export function formatDate(at: number): string {
  return DAY.format(at);
}

/** `2026-11-21T05:35:00.000Z` */
export function formatUtc(at: number): string {
  return new Date(at).toISOString();
}
