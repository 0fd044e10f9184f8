import { CircleCheck, CircleX, Clock, LoaderCircle, type LucideIcon, RotateCw } from "lucide-react";
import type { DeliveryState, DestinationKind, Purpose } from "@/platform";
import type { Tone } from "@/ui/Badge";

/** How every state of a delivery looks. */
export const STATE: Record<DeliveryState, { word: string; icon: LucideIcon; tone: Tone; meaning: string }> = {
  pending: { word: "Due", icon: Clock, tone: "neutral", meaning: "The next attempt is about to begin." },
  delivering: { word: "Delivering", icon: LoaderCircle, tone: "info", meaning: "An attempt is in progress." },
  delivered: { word: "Delivered", icon: CircleCheck, tone: "ok", meaning: "The receiver has it." },
  failed: {
    word: "To be retried",
    icon: RotateCw,
    tone: "warn",
    meaning: "The last attempt failed; the next one follows by itself.",
  },
  gave_up: {
    word: "Given up",
    icon: CircleX,
    tone: "bad",
    meaning: "The last attempt failed or was refused, and none follows unless you retry it.",
  },
};

export const PURPOSE: Record<Purpose, string> = {
  callback: "Callback",
  success: "On success",
  failure: "On failure",
};

export const KIND: Record<DestinationKind, string> = {
  notification: "Notification topic",
  queue: "Queue",
  stream: "Stream",
  http: "HTTP",
  nats: "NATS",
};
