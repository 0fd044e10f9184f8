import { formatBytes, formatCount, formatDuration } from "@/ui/format";
import type { Unit } from "./scale";

/** A value with its unit; `–` where nothing is known. */
export function valueText(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return "–";
  switch (unit) {
    case "count":
      return formatCount(value);
    case "ms":
      return value > 0 && value < 0.1 ? `${value.toFixed(2)} ms` : formatDuration(value);
    case "bytes":
      return formatBytes(value);
    case "share":
      return value > 0 && value < 0.01 ? "< 1 %" : `${Math.round(value * 100)} %`;
  }
}

/** The same, as short as an axis has room for. */
export function axisText(value: number, unit: Unit): string {
  if (value === 0) return "0";
  if (unit === "count" && value >= 10_000) return `${+(value / 1000).toFixed(1)}k`;
  if (unit === "ms" && value >= 1000 && value < 60_000) return `${+(value / 1000).toFixed(1)} s`;
  return valueText(value, unit);
}
