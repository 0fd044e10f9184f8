import type { ComponentPropsWithRef } from "react";
import { cx } from "./cx";

/** A plain table for short lists, full width, with the header in place while scrolling. */
export function Table({ className, ...rest }: ComponentPropsWithRef<"table">) {
  return (
    <table
      className={cx(
        "w-full border-collapse [&_td]:h-10 [&_td]:px-3 [&_td:first-child]:pl-6 [&_td:last-child]:pr-6",
        "[&_th]:h-8 [&_th]:px-3 [&_th]:text-left [&_th]:text-sm [&_th]:font-normal [&_th]:whitespace-nowrap [&_th]:text-muted [&_th:first-child]:pl-6 [&_th:last-child]:pr-6",
        "[&_tbody_tr]:border-t [&_tbody_tr]:border-line [&_tbody_tr:hover]:bg-hover/50",
        className,
      )}
      {...rest}
    />
  );
}
