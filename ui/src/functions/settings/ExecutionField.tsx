import { useFormContext } from "react-hook-form";
import { cx } from "@/ui/cx";
import { describedBy, Field, Input } from "@/ui/Field";
import type { ExecutionForm } from "./execution-form";
import type { FunctionSettingsForm } from "./settings-form";

/** The fields that are one line of text. */
type Line = {
  [K in keyof ExecutionForm]: ExecutionForm[K] extends string ? K : never;
}[keyof ExecutionForm];

interface ExecutionFieldProps {
  name: Exclude<Line, "jitter">;
  label: string;
  hint?: string;
  /** Beside a number. Without it the field is text. */
  unit?: string;
  placeholder?: string;
}

export function ExecutionField({ name, label, hint, unit, placeholder }: ExecutionFieldProps) {
  const { register, formState } = useFormContext<FunctionSettingsForm>();
  const error = formState.errors.execution?.[name];
  const id = `execution-${name}`;
  return (
    <Field id={id} label={label} hint={hint} error={error?.message}>
      <div className="flex items-center gap-2">
        <Input
          id={id}
          inputMode={unit === undefined ? undefined : "numeric"}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          className={cx(unit === undefined ? "w-full font-mono text-sm" : "max-w-30 text-right")}
          aria-invalid={error !== undefined}
          aria-describedby={describedBy(id)}
          {...register(`execution.${name}`)}
        />
        {unit !== undefined && <span className="text-muted">{unit}</span>}
      </div>
    </Field>
  );
}
