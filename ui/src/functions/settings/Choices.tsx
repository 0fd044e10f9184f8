import { useFormContext } from "react-hook-form";
import type { FunctionSettingsForm } from "./settings-form";

interface ChoicesProps {
  field: "web" | "lostPolicy";
  label: string;
  options: ReadonlyArray<{ value: string; title: string; text: string }>;
}

/** Radio buttons with a sentence each. */
export function Choices({ field, label, options }: ChoicesProps) {
  const { register } = useFormContext<FunctionSettingsForm>();
  return (
    <fieldset className="flex max-w-180 flex-col gap-2">
      <legend className="sr-only">{label}</legend>
      {options.map(({ value, title, text }) => (
        <label key={value} className="flex min-h-6 items-start gap-2.5">
          <input type="radio" value={value} className="mt-0.5 size-4 accent-accent" {...register(field)} />
          <span>
            <span className="block font-medium">{title}</span>
            <span className="block text-muted">{text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
