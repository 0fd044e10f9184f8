import { useId } from "react";
import { cx } from "./cx";

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: ReadonlyArray<{ value: T; label: string; disabled?: boolean; title?: string }>;
}

/** A few exclusive choices, all in sight. Radio buttons underneath. */
export function Segmented<T extends string>({ label, value, onChange, options }: SegmentedProps<T>) {
  const name = useId();
  return (
    <fieldset className="inline-flex h-7 shrink-0 rounded-md border border-line-strong/60 bg-inset p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          title={option.title}
          className={cx(
            "relative inline-flex h-full min-w-6 items-center justify-center rounded-sm px-2.5 whitespace-nowrap select-none has-focus-visible:outline-2 has-focus-visible:outline-ring",
            option.value === value ? "bg-raised font-medium text-fg" : "text-muted",
            option.disabled ? "opacity-50" : option.value !== value && "hover:text-fg",
          )}
        >
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            disabled={option.disabled}
            onChange={() => onChange(option.value)}
            className="absolute inset-0 appearance-none outline-none"
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
