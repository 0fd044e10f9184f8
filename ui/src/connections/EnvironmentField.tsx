import type { Environment } from "@/platform";
import { Segmented } from "@/ui/Segmented";

const ENVIRONMENTS = [
  { value: "local", label: "Local" },
  { value: "development", label: "Development" },
  { value: "staging", label: "Staging" },
  { value: "production", label: "Production" },
] as const;

interface EnvironmentFieldProps {
  value: Environment;
  onChange: (value: Environment) => void;
}

export function EnvironmentField({ value, onChange }: EnvironmentFieldProps) {
  return (
    <div className="flex flex-col items-start gap-1">
      <span className="font-medium" aria-hidden>
        Environment
      </span>
      <Segmented label="Environment" value={value} options={ENVIRONMENTS} onChange={onChange} />
      <p className="text-sm text-subtle">
        {value === "production"
          ? "Marked in red wherever it is used."
          : "Decides the colour that marks it everywhere."}
      </p>
    </div>
  );
}
