import type { ReactNode } from "react";
import { cx } from "@/ui/cx";

interface Choice<T extends string> {
  id: T;
  label: ReactNode;
  title?: string;
}

interface SegmentedProps<T extends string> {
  label: string;
  value: T | null;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
  className?: string;
}

/** One of a few, side by side. */
export function Segmented<T extends string>({
  label,
  value,
  choices,
  onChange,
  className,
}: SegmentedProps<T>) {
  return (
    <fieldset
      aria-label={label}
      className={cx("inline-flex h-7 shrink-0 gap-px rounded-md border border-line bg-inset p-px", className)}
    >
      {choices.map((choice) => (
        <button
          key={choice.id}
          type="button"
          title={choice.title}
          aria-pressed={value === choice.id}
          onClick={() => onChange(choice.id)}
          className={cx(
            "h-6 rounded-[5px] px-2 text-sm whitespace-nowrap",
            value === choice.id
              ? "border border-line bg-raised font-medium text-fg"
              : "border border-transparent text-muted hover:text-fg",
          )}
        >
          {choice.label}
        </button>
      ))}
    </fieldset>
  );
}
