import type { Scaling } from "@/platform";

const units = {
  rps: "runs per second",
  capacity: "runs at a time",
  cpu: "thousandths of a processor",
} as const;

/** How workers follow a function's load, or that they do not, as its deployment's labels say. */
export function scalingText({ by, target, proportion, downWindowS }: Scaling): string {
  if (typeof by !== "string") {
    return `Its label com.openfaas.scale.type is "${by.other}", which Beckon does not count: nothing follows from it, and there are as many workers as runs need.`;
  }
  const share = Math.round(target * proportion) / 100;
  const window = downWindowS > 0 ? ` They stay for ${downWindowS} s after the load is gone.` : "";
  return `Its workers follow the load: one for each ${share} ${units[by]} (${target} × ${proportion} %), within its bounds.${window} Its deployment's labels say so.`;
}
