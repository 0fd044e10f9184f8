import {
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleX,
  Hammer,
  LoaderCircle,
  type LucideIcon,
} from "lucide-react";
import type { Readiness, ReadyState } from "@/platform";
import { Badge, type Tone } from "@/ui/Badge";

const LOOK: Record<ReadyState, { word: string; icon: LucideIcon; tone: Tone; meaning: string }> = {
  pending: {
    word: "Not ready",
    icon: LoaderCircle,
    tone: "warn",
    meaning: "None of its replicas is ready to be called.",
  },
  building: { word: "Building", icon: Hammer, tone: "info", meaning: "Its code is being built." },
  running: { word: "Ready", icon: CircleCheck, tone: "ok", meaning: "It can be called." },
  idle: {
    word: "Scaled to zero",
    icon: CircleDashed,
    tone: "neutral",
    meaning: "Nothing of it runs; the next call starts it.",
  },
  failed: {
    word: "Failed",
    icon: CircleX,
    tone: "bad",
    meaning: "It could not be built, or does not start. Its log may say why.",
  },
  unknown: {
    word: "Unknown state",
    icon: CircleHelp,
    tone: "neutral",
    meaning: "Its provider says something that Beckon does not know.",
  },
};

/** Whether a function can be called, where that is for its provider to say. */
export function ReadyBadge({ readiness }: { readiness: Readiness }) {
  const { state, replicas, availableReplicas } = readiness;
  const { word, icon: Icon, tone, meaning } = LOOK[state];
  const counted = replicas > 0 && (state === "running" || state === "pending");
  return (
    <Badge tone={tone} icon={<Icon size={13} aria-hidden />} title={meaning}>
      {counted ? `${availableReplicas} of ${replicas} ready` : word}
    </Badge>
  );
}
