import { type Control, Controller, type FieldErrors, type UseFormRegister } from "react-hook-form";
import { describedBy, Input } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import { SettingRow } from "./SettingRow";
import { DIGITALOCEAN_QUOTA, type QuotaField, type SettingsForm } from "./settings-form";

const CHOICES = [
  { value: "none", label: "No limit" },
  { value: "digitalocean", label: "As at DigitalOcean" },
  { value: "custom", label: "Custom" },
] as const;

const FIELDS: ReadonlyArray<{ name: QuotaField; label: string; unit: string }> = [
  { name: "invocationsPerMinute", label: "Calls", unit: "a minute" },
  { name: "concurrentInvocations", label: "Calls in progress", unit: "at once" },
  { name: "firesPerMinute", label: "Trigger firings", unit: "a minute" },
];

const WHY = "What is over it gets a 429, so that you see before deploying how a client copes with that.";

interface RateLimitsProps {
  control: Control<SettingsForm>;
  register: UseFormRegister<SettingsForm>;
  chosen: SettingsForm["quota"];
  errors: FieldErrors<SettingsForm>;
}

/** How much each namespace may ask of the gateway. */
export function RateLimits({ control, register, chosen, errors }: RateLimitsProps) {
  const { invocationsPerMinute, concurrentInvocations, firesPerMinute } = DIGITALOCEAN_QUOTA;
  return (
    <>
      <SettingRow
        label="Rate limits"
        hint={
          chosen === "digitalocean"
            ? `For each namespace: ${invocationsPerMinute} calls a minute, ${concurrentInvocations} at once, ${firesPerMinute} trigger firings a minute. ${WHY}`
            : `How much each namespace may ask of the gateway's OpenWhisk API. ${WHY}`
        }
      >
        <Controller
          control={control}
          name="quota"
          render={({ field }) => (
            <Segmented label="Rate limits" value={field.value} options={CHOICES} onChange={field.onChange} />
          )}
        />
      </SettingRow>
      {chosen === "custom" &&
        FIELDS.map(({ name, label, unit }) => (
          <SettingRow key={name} id={name} label={label} error={errors[name]?.message}>
            <Input
              id={name}
              type="number"
              min={1}
              max={1_000_000}
              className="max-w-24 text-right"
              aria-invalid={errors[name] !== undefined}
              aria-describedby={describedBy(name)}
              {...register(name, { valueAsNumber: true })}
            />
            <span className="text-muted">{unit}, for each namespace</span>
          </SettingRow>
        ))}
    </>
  );
}
