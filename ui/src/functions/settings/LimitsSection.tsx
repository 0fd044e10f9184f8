import { useFormContext } from "react-hook-form";
import { describedBy, Field, Input } from "@/ui/Field";
import { Section } from "@/ui/Section";
import type { FunctionSettingsForm } from "./settings-form";

const LIMITS = [
  {
    name: "timeoutMs",
    label: "Longest run",
    unit: "ms",
    hint: "100 to 900 000. Past it the run is stopped.",
  },
  { name: "memoryMb", label: "Memory", unit: "MB", hint: "32 to 4 096." },
  {
    name: "logsKb",
    label: "Log per run",
    unit: "KB",
    hint: "0 to 10 240. What is over is dropped, and marked.",
  },
  { name: "concurrency", label: "At the same time", unit: "runs", hint: "1 to 64, one process each." },
] as const;

const THERE: Partial<Record<(typeof LIMITS)[number]["name"], string>> = {
  timeoutMs: "Past it the run is stopped.",
  logsKb: "In whole MB: a multiple of 1 024.",
};

/** Without `engine` those of a provider, which has bounds of its own. */
export function LimitsSection({ engine }: { engine: boolean }) {
  const { register, formState } = useFormContext<FunctionSettingsForm>();
  return (
    <Section
      title="Limits"
      description={engine ? undefined : "The provider refuses what is out of its own bounds."}
    >
      <div className="grid max-w-180 grid-cols-2 gap-x-8 gap-y-2">
        {LIMITS.filter(({ name }) => engine || name !== "concurrency").map(({ name, label, unit, hint }) => {
          const error = formState.errors[name];
          return (
            <Field
              key={name}
              id={name}
              label={label}
              hint={engine ? hint : THERE[name]}
              error={error?.message}
            >
              <div className="flex items-center gap-2">
                <Input
                  id={name}
                  type="number"
                  className="max-w-30 text-right"
                  aria-invalid={error !== undefined}
                  aria-describedby={describedBy(name)}
                  {...register(name, { valueAsNumber: true })}
                />
                <span className="text-muted">{unit}</span>
              </div>
            </Field>
          );
        })}
      </div>
    </Section>
  );
}
