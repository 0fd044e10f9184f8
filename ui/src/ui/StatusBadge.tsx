import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleX,
  Clock,
  CloudDownload,
  LoaderCircle,
  type LucideIcon,
  OctagonAlert,
  TimerOff,
  TriangleAlert,
} from "lucide-react";
import type { Status } from "@/platform";
import { Badge, type Tone } from "./Badge";
import { cx } from "./cx";

interface Look {
  word: string;
  icon: LucideIcon;
  tone: Tone;
  meaning: string;
}

/** How every status looks. Never by colour alone: an icon and a word. */
export const STATUS: Record<Status, Look> = {
  queued: { word: "Queued", icon: Clock, tone: "neutral", meaning: "Accepted and waiting for a worker." },
  running: {
    word: "Running",
    icon: LoaderCircle,
    tone: "info",
    meaning: "It runs, and its answer is waited for.",
  },
  polling: {
    word: "Waiting",
    icon: CloudDownload,
    tone: "info",
    meaning: "The provider accepted it; its record is asked for until it exists.",
  },
  success: { word: "Success", icon: CircleCheck, tone: "ok", meaning: "The function returned a result." },
  application_error: {
    word: "Application error",
    icon: TriangleAlert,
    tone: "warn",
    meaning: "The function answered with an error of its own.",
  },
  developer_error: {
    word: "Developer error",
    icon: CircleX,
    tone: "bad",
    meaning: "The code failed: it did not load, threw, or answered something invalid.",
  },
  internal_error: {
    word: "Internal error",
    icon: OctagonAlert,
    tone: "bad",
    meaning: "The engine or the provider failed, not the function.",
  },
  timed_out: {
    word: "Timed out",
    icon: TimerOff,
    tone: "bad",
    meaning: "It ran past its time limit and was stopped.",
  },
  cancelled: { word: "Cancelled", icon: Ban, tone: "neutral", meaning: "Somebody stopped it." },
  lost: { word: "Lost", icon: CircleHelp, tone: "warn", meaning: "It had begun when Beckon stopped." },
};

const UNKNOWN: Look = { word: "Unknown", icon: CircleDashed, tone: "neutral", meaning: "" };

const TEXT: Record<Tone, string> = {
  neutral: "text-muted",
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
  info: "text-info",
};

const MOTION: Partial<Record<Status, string>> = { running: "spin", polling: "breathe" };

export function isPending(status: Status): boolean {
  return status === "queued" || status === "running" || status === "polling";
}

export function StatusBadge({ status }: { status: Status }) {
  const look = STATUS[status] ?? UNKNOWN;
  const Icon = look.icon;
  return (
    <Badge
      tone={look.tone}
      title={look.meaning}
      icon={<Icon size={13} aria-hidden className={MOTION[status]} />}
    >
      {look.word}
    </Badge>
  );
}

/** The badge without its box, for dense rows. */
export function StatusText({ status, className }: { status: Status; className?: string }) {
  const look = STATUS[status] ?? UNKNOWN;
  const Icon = look.icon;
  return (
    <span
      title={look.meaning}
      className={cx(
        "inline-flex items-center gap-1.5 align-middle whitespace-nowrap",
        TEXT[look.tone],
        className,
      )}
    >
      <Icon size={14} aria-hidden className={cx("shrink-0", status === "polling" && MOTION.polling)} />
      {look.word}
    </span>
  );
}
