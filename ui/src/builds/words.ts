import { Ban, CircleCheck, CircleX, LoaderCircle, type LucideIcon } from "lucide-react";
import type { BuildState } from "@/platform";
import type { Tone } from "@/ui/Badge";

/** How every state of a build looks. */
export const BUILD: Record<BuildState, { word: string; icon: LucideIcon; tone: Tone }> = {
  building: { word: "Building", icon: LoaderCircle, tone: "info" },
  ready: { word: "Ready", icon: CircleCheck, tone: "ok" },
  failed: { word: "Failed", icon: CircleX, tone: "bad" },
  cancelled: { word: "Cancelled", icon: Ban, tone: "neutral" },
};
