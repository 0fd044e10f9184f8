import { Switch as Base } from "@base-ui/react/switch";

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** The accessible name: what is switched. */
  label: string;
  disabled?: boolean;
}

/** On or off, at once: what needs saving is a checkbox. */
export function Switch({ checked, onChange, label, disabled = false }: SwitchProps) {
  return (
    <Base.Root
      checked={checked}
      onCheckedChange={(next) => onChange(next)}
      disabled={disabled}
      aria-label={label}
      className="group inline-flex h-6 w-9 shrink-0 items-center rounded-full data-disabled:opacity-50"
    >
      <span className="flex h-4.5 w-8 items-center rounded-full border border-line-strong bg-inset px-0.5 group-data-checked:border-accent group-data-checked:bg-accent">
        <Base.Thumb className="size-3 rounded-full bg-muted data-checked:translate-x-3.5 data-checked:bg-accent-fg" />
      </span>
    </Base.Root>
  );
}
