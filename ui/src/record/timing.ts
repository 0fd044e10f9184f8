import type { Activation } from "@/platform";
import { formatDuration } from "@/ui/format";

export type PartKey = "wait" | "init" | "run" | "network";

export interface Part {
  readonly key: PartKey;
  readonly label: string;
  readonly ms: number;
  readonly meaning: string;
}

const MEANING: Record<PartKey, { label: string; meaning: string }> = {
  wait: { label: "Wait", meaning: "from the request to the hand-over to a worker" },
  init: { label: "Init", meaning: "starting the worker and loading the code" },
  run: { label: "Run", meaning: "in the function's own code" },
  network: { label: "Network", meaning: "between Beckon and the provider" },
};

type Timed = Pick<Activation, "timing" | "durationMs" | "status" | "cold" | "kind" | "limits">;

/** Where the time went, in the order in which it passed. What is not known is left out. */
export function parts({ timing, durationMs }: Timed): Part[] {
  const known: [PartKey, number | null][] = [
    ["wait", timing.waitMs],
    ["init", timing.initMs],
    ["run", timing.runMs ?? (timing.initMs === null ? durationMs : null)],
    ["network", timing.networkMs],
  ];
  return known.flatMap(([key, ms]) => (ms === null ? [] : [{ key, ms: Math.max(0, ms), ...MEANING[key] }]));
}

export function total(list: readonly Part[]): number {
  return list.reduce((sum, { ms }) => sum + ms, 0);
}

const FAMILIES: Record<string, string> = {
  nodejs: "Node.js",
  python: "Python",
  shell: "the program",
  go: "Go",
  php: "PHP",
};

function language(kind: string): string {
  return FAMILIES[kind.split(":")[0] ?? ""] ?? "the worker";
}

/** The one thing to know about where the time went. */
export function sentence(activation: Timed): string {
  const list = parts(activation);
  const all = total(list);
  const of = (key: PartKey) => list.find((part) => part.key === key)?.ms ?? 0;
  const share = (ms: number) => `${formatDuration(ms)} of ${formatDuration(all)}`;
  if (activation.status === "queued") return "It waits for a worker.";
  if (activation.status === "running") return "It is running now.";
  if (activation.status === "polling") return "The provider has accepted it; its record does not exist yet.";
  if (activation.status === "timed_out") {
    return `It was stopped at its time limit of ${formatDuration(activation.limits.timeoutMs)}.`;
  }
  if (list.length === 0 || all === 0) return "How long it took is not known.";
  if (of("init") >= 0.3 * all) {
    return `Cold start: ${share(of("init"))} were spent starting ${language(activation.kind)}.`;
  }
  if (of("wait") >= 0.4 * all) return `${share(of("wait"))} passed before a worker was free.`;
  if (of("network") >= 0.5 * all)
    return `${share(of("network"))} passed on the way to the provider and back.`;
  const warm = activation.cold === false ? "Warm start: " : "";
  const ran = `${share(of("run"))} were spent in the function's own code.`;
  return of("run") > 0 ? `${warm}${ran}` : `It took ${formatDuration(all)}.`;
}
