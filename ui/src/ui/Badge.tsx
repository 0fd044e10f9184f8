import type { ReactNode } from "react";
import { cx } from "./cx";

export type Tone = "neutral" | "ok" | "warn" | "bad" | "info";

const TONES: Record<Tone, string> = {
  neutral: "bg-inset text-muted border border-line",
  ok: "bg-ok-soft text-ok border border-transparent",
  warn: "bg-warn-soft text-warn border border-transparent",
  bad: "bg-bad-soft text-bad border border-transparent",
  info: "bg-info-soft text-info border border-transparent",
};

interface BadgeProps {
  tone?: Tone;
  icon?: ReactNode;
  title?: string;
  className?: string;
  children: ReactNode;
}

export function Badge({ tone = "neutral", icon, title, className, children }: BadgeProps) {
  return (
    <span
      title={title}
      className={cx(
        "inline-flex h-5 shrink-0 align-middle items-center gap-1 rounded-sm px-1.5 text-sm whitespace-nowrap",
        TONES[tone],
        className,
      )}
    >
      {icon}
      {children}
    </span>
  );
}
