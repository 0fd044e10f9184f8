import { CircleDot, Flame, Hourglass, LoaderCircle, type LucideIcon } from "lucide-react";
import type { WorkerState } from "@/platform";
import type { Tone } from "@/ui/Badge";

/** How every state of a worker looks. */
export const WORKER_STATE: Record<
  WorkerState,
  { word: string; icon: LucideIcon; tone: Tone; meaning: string }
> = {
  spawning: { word: "Starting", icon: LoaderCircle, tone: "info", meaning: "The code is being loaded." },
  ready: { word: "Warm", icon: Flame, tone: "neutral", meaning: "Loaded, and waiting for a run." },
  busy: { word: "Busy", icon: CircleDot, tone: "info", meaning: "In a run." },
  draining: {
    word: "Stopping",
    icon: Hourglass,
    tone: "warn",
    meaning: "Takes no more runs, and goes with its last one.",
  },
};
