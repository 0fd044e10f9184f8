import type { ComponentPropsWithRef, ReactNode } from "react";
import { cx } from "./cx";
import { Spinner } from "./Spinner";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger" | "danger-quiet";
export type ButtonSize = "sm" | "md" | "lg";

const BASE =
  "inline-flex shrink-0 items-center justify-center rounded-md font-medium whitespace-nowrap select-none disabled:opacity-50";

const VARIANTS: Record<ButtonVariant, string> = {
  primary: "bg-accent text-accent-fg hover:not-disabled:bg-accent-hover",
  secondary: "bg-surface text-fg border border-line-strong/60 hover:not-disabled:bg-hover",
  ghost: "text-muted hover:not-disabled:bg-hover hover:not-disabled:text-fg",
  danger: "bg-danger text-accent-fg hover:not-disabled:bg-danger-hover",
  "danger-quiet": "bg-surface text-bad border border-line-strong/60 hover:not-disabled:bg-bad-soft",
};

const SIZES: Record<ButtonSize, string> = {
  sm: "h-6 px-2 gap-1 text-sm",
  md: "h-7 px-3 gap-1.5 text-base",
  lg: "h-8 px-4 gap-2 text-base",
};

export interface ButtonProps extends ComponentPropsWithRef<"button"> {
  variant?: ButtonVariant;
  size?: ButtonSize;
  icon?: ReactNode;
  busy?: boolean;
}

export function Button({
  variant = "secondary",
  size = "md",
  icon,
  busy = false,
  type = "button",
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(BASE, VARIANTS[variant], SIZES[size], className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}
