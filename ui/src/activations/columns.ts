import type { ActivationSummary } from "@/platform";

export const HEADINGS = [
  { id: "open", label: "", hidden: "Record" },
  { id: "status", label: "Status" },
  { id: "time", label: "Time" },
  { id: "function", label: "Function" },
  { id: "duration", label: "Duration" },
  { id: "start", label: "Start" },
  { id: "caller", label: "Caller" },
  { id: "version", label: "Version" },
  { id: "preview", label: "First log line" },
] as const satisfies readonly { id: string; label: string; hidden?: string }[];

const MODE: Record<ActivationSummary["mode"], string> = {
  blocking: "sync",
  non_blocking: "async",
  promoted: "promoted",
};

const CAUSE: Record<ActivationSummary["cause"], string> = {
  panel: "window",
  gateway: "gateway",
  cli: "cli",
  provider: "provider",
  schedule: "schedule",
  trigger: "trigger",
  callback: "callback",
};

/** Who asked, and how. A provider's records do not say whether the caller waited. */
export function caller(run: Pick<ActivationSummary, "mode" | "cause">): string {
  if (run.cause === "provider") return CAUSE.provider;
  return `${MODE[run.mode]} · ${CAUSE[run.cause]}`;
}

/** The longest that a bar tells apart. */
const LONGEST_MS = 60_000;

/** How much of its column a duration's bar fills: logarithmic, the same for every row, 1 ms to a minute. */
export function barShare(ms: number): number {
  return Math.min(1, Math.max(0.03, Math.log10(ms + 1) / Math.log10(LONGEST_MS)));
}
