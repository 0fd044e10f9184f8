import { useFormContext } from "react-hook-form";
import { Field, Select, TextField } from "@/ui/Field";
import type { DestinationForm } from "./execution-form";
import type { FunctionSettingsForm } from "./settings-form";

const KINDS: Record<DestinationForm["kind"], { label: string; first?: string; second?: string }> = {
  none: { label: "Nowhere" },
  notification: { label: "Notification topic", first: "Topic" },
  queue: { label: "Queue", first: "Queue", second: "Channel, if any" },
  stream: { label: "Stream", first: "Stream" },
  http: { label: "HTTP POST", first: "URL" },
  nats: { label: "NATS subject", first: "Server", second: "Subject" },
};

/** Where the record of an asynchronous run is delivered. */
export function DestinationField({ field, label }: { field: "onSuccess" | "onFailure"; label: string }) {
  const { register, watch, formState } = useFormContext<FunctionSettingsForm>();
  const kind = KINDS[watch(`execution.${field}.kind`)];
  const errors = formState.errors.execution?.[field];
  const parts = [
    { name: "first", label: kind.first },
    { name: "second", label: kind.second },
  ] as const;
  return (
    <fieldset className="grid max-w-180 grid-cols-[200px_1fr_1fr] gap-x-4">
      <legend className="sr-only">{label}</legend>
      <Field id={`${field}-kind`} label={label}>
        <Select id={`${field}-kind`} className="w-full" {...register(`execution.${field}.kind`)}>
          {Object.entries(KINDS).map(([value, shown]) => (
            <option key={value} value={value}>
              {shown.label}
            </option>
          ))}
        </Select>
      </Field>
      {parts.map(
        (part) =>
          part.label !== undefined && (
            <TextField
              key={part.name}
              id={`${field}-${part.name}`}
              label={part.label}
              error={errors?.[part.name]?.message}
              className="w-full font-mono text-sm"
              {...register(`execution.${field}.${part.name}`)}
            />
          ),
      )}
    </fieldset>
  );
}
