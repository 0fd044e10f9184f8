import type { Limits } from "@/platform";
import { formatBytes, formatDuration } from "@/ui/format";

/** `1 min · 256 MB` */
export function limitsText(limits: Limits): string {
  return `${formatDuration(limits.timeoutMs)} · ${formatBytes(limits.memoryMb * 1024 * 1024)}`;
}
