import { Select } from "@/ui/Field";
import { STATUS } from "@/ui/StatusBadge";
import { valuesOf, withValues } from "./core/filterText";

const GROUPS = [
  { value: "ok", label: "Success" },
  { value: "error", label: "All errors" },
  { value: "pending", label: "Pending" },
] as const;

const SINGLE = [
  { value: "app", label: STATUS.application_error.word },
  { value: "developer_error", label: STATUS.developer_error.word },
  { value: "internal_error", label: STATUS.internal_error.word },
  { value: "timeout", label: STATUS.timed_out.word },
  { value: "cancelled", label: STATUS.cancelled.word },
  { value: "lost", label: STATUS.lost.word },
  { value: "queued", label: STATUS.queued.word },
  { value: "running", label: STATUS.running.word },
  { value: "polling", label: STATUS.polling.word },
] as const;

/** Other words that the parser knows for the same choice. */
const SAME: Record<string, string> = {
  success: "ok",
  failed: "error",
  application_error: "app",
  timed_out: "timeout",
};

interface StatusControlProps {
  text: string;
  onChange: (text: string) => void;
}

export function StatusControl({ text, onChange }: StatusControlProps) {
  const values = valuesOf(text, "status").map((value) => SAME[value] ?? value);
  const [only] = values;
  const known = [...GROUPS, ...SINGLE].some(({ value }) => value === only);
  const shown = values.length === 0 ? "" : values.length === 1 && known ? only : "several";
  return (
    <div className="w-36 shrink-0">
      <Select
        aria-label="Status"
        value={shown}
        onChange={(event) => {
          const { value } = event.target;
          if (value !== "several") onChange(withValues(text, "status", value === "" ? [] : [value]));
        }}
      >
        <option value="">All statuses</option>
        {shown === "several" && <option value="several">As in the filter</option>}
        {GROUPS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <optgroup label="One status">
          {SINGLE.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </optgroup>
      </Select>
    </div>
  );
}
