import { SelectField } from "@/ui/Field";
import { USUAL_TIMES } from "./schedule-form";

interface UsualTimeFieldProps {
  id: string;
  /** The expression as it is written now. */
  cron: string;
  onPick: (cron: string) => void;
}

/** Beside a cron expression: those that most people want. */
export function UsualTimeField({ id, cron, onPick }: UsualTimeFieldProps) {
  return (
    <SelectField
      id={id}
      label="Or pick a usual one"
      value={USUAL_TIMES.some(({ expression }) => expression === cron) ? cron : ""}
      onChange={(event) => event.target.value !== "" && onPick(event.target.value)}
    >
      <option value="">As written</option>
      {USUAL_TIMES.map(({ expression, label }) => (
        <option key={expression} value={expression}>
          {label}
        </option>
      ))}
    </SelectField>
  );
}
