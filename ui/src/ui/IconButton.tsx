import type { ComponentPropsWithRef, ReactNode } from "react";
import { cx } from "./cx";
import { Tooltip } from "./Tooltip";

export interface IconButtonProps extends ComponentPropsWithRef<"button"> {
  /** The accessible name, also shown as the tooltip. */
  label: string;
  icon: ReactNode;
  size?: "sm" | "md";
  shortcut?: string;
}

export function IconButton({
  label,
  icon,
  size = "md",
  shortcut,
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} shortcut={shortcut}>
      <button
        type={type}
        aria-label={label}
        className={cx(
          "inline-flex shrink-0 items-center justify-center rounded-md text-muted hover:not-disabled:bg-hover hover:not-disabled:text-fg disabled:opacity-50",
          size === "sm" ? "size-6" : "size-7",
          className,
        )}
        {...rest}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
