import type { Count } from "@/platform";

/** `12,431`, or `10,000+` where counting stopped. */
export function countText(count: Count | null): string {
  return count ? `${count.count.toLocaleString("en")}${count.capped ? "+" : ""}` : "";
}

export function runsText(count: Count | null): string {
  if (!count) return "";
  return `${countText(count)} ${count.count === 1 && !count.capped ? "run" : "runs"}`;
}
