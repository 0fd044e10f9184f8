import type { ChangeEvent } from "react";
import { describedBy, Field, Textarea } from "@/ui/Field";
import { lineProblem } from "./texts";

interface LinesFieldProps {
  id: string;
  label: string;
  hint: string;
  value: string;
  onChange: (event: ChangeEvent<HTMLTextAreaElement>) => void;
}

/** Names with texts, each in a line of `NAME=value`. */
export function LinesField({ id, label, hint, value, onChange }: LinesFieldProps) {
  const error = lineProblem(value);
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      <Textarea
        id={id}
        rows={Math.min(8, Math.max(2, value.split("\n").length))}
        className="w-full resize-y font-mono text-sm"
        spellCheck={false}
        autoComplete="off"
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id)}
        value={value}
        onChange={onChange}
      />
    </Field>
  );
}
