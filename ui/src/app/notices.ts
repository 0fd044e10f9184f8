import type { ActivationSummary } from "@/platform";
import { formatDuration } from "@/ui/format";
import { isPending, STATUS } from "@/ui/StatusBadge";

/** Most runs that are watched at once; nobody waits for more. */
const MOST = 1000;

/** The runs of the person at the window that are not over. */
export class Watch {
  private readonly ids = new Set<string>();

  /** Whether a run that was under way is over now. Rows of runs that are over come again, when they are pinned. */
  see({ id, cause, status }: Pick<ActivationSummary, "id" | "cause" | "status">): boolean {
    if (cause !== "panel") return false;
    if (!isPending(status)) return this.ids.delete(id);
    if (this.ids.size < MOST) this.ids.add(id);
    return false;
  }
}

type Ended = Pick<ActivationSummary, "start" | "end" | "durationMs">;

/** From being asked for to its end, ms: what the person has waited. */
export function took({ start, end, durationMs }: Ended): number {
  return Math.max(0, (end ?? start + (durationMs ?? 0)) - start);
}

export function words(run: Ended & Pick<ActivationSummary, "function" | "namespace" | "status">) {
  const how = run.status === "success" ? "is done" : `ended: ${STATUS[run.status].word.toLowerCase()}`;
  return { title: `${run.function} ${how}`, text: `${run.namespace}, after ${formatDuration(took(run))}` };
}
