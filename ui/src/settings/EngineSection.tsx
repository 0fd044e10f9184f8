import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useOverview, useSettings } from "@/api/queries";
import { api, type Settings } from "@/platform";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { describedBy, FormError, Input } from "@/ui/Field";
import { formResolver } from "@/ui/formResolver";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { RateLimits } from "./RateLimits";
import { SettingRow } from "./SettingRow";
import { fromForm, portNote, type SettingsForm, settingsSchema, toForm } from "./settings-form";

export function EngineSection() {
  const settings = useSettings();
  return (
    <Section
      title="Local engine"
      description="How long callers wait, how long records stay, where the gateway answers and how much it takes."
    >
      {settings.data ? (
        <EngineForm settings={settings.data} />
      ) : settings.isError ? (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      ) : (
        <Skeleton rows={4} />
      )}
    </Section>
  );
}

interface FieldSpec {
  name: "blockingSeconds" | "retentionDays" | "gatewayPort" | "spacesBodyMb";
  label: string;
  unit: string;
  hint: string;
}

function EngineForm({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const gateway = useOverview().data?.gatewayUrl ?? null;
  const { register, control, watch, handleSubmit, formState, reset } = useForm({
    resolver: formResolver(settingsSchema),
    values: toForm(settings),
  });
  const save = useAttempt(async (form: SettingsForm) => {
    const saved = await api.saveSettings({ settings: fromForm(form, settings) });
    client.setQueryData(keys.settings, saved);
    reset(toForm(saved));
    toast.success("Settings saved");
  });
  const { errors, isDirty } = formState;

  const fields: FieldSpec[] = [
    {
      name: "blockingSeconds",
      label: "Blocking limit",
      unit: "seconds",
      hint: "A blocking caller waits this long, 1 to 900 seconds. Then its run becomes asynchronous: the caller gets the activation id, and the run goes on.",
    },
    {
      name: "retentionDays",
      label: "Keep records for",
      unit: "days",
      hint: "3 to 365 days. Pinned records stay longer.",
    },
    {
      name: "gatewayPort",
      label: "Gateway port",
      unit: "on 127.0.0.1",
      hint: portNote(gateway, settings.gatewayPort),
    },
    {
      name: "spacesBodyMb",
      label: "Largest body of Spaces",
      unit: "MB",
      hint: "1 to 100 MB. A larger request to /spaces, or a larger answer, is refused with status 413. A change is used from the next start on.",
    },
  ];

  return (
    <form onSubmit={handleSubmit((form) => save.run(form))} noValidate>
      {fields.map(({ name, label, unit, hint }) => (
        <SettingRow key={name} id={name} label={label} hint={hint} error={errors[name]?.message}>
          <Input
            id={name}
            type="number"
            step="any"
            className="max-w-24 text-right"
            aria-invalid={errors[name] !== undefined}
            aria-describedby={describedBy(name)}
            {...register(name, { valueAsNumber: true })}
          />
          <span className="text-muted">{unit}</span>
        </SettingRow>
      ))}
      <RateLimits control={control} register={register} chosen={watch("quota")} errors={errors} />
      {save.error !== null && <FormError error={save.error} className="mt-2 max-w-160" />}
      <div className="mt-2 flex gap-2 pl-52">
        <Button variant="primary" type="submit" disabled={!isDirty} busy={save.busy}>
          Save
        </Button>
        <Button
          onClick={() => {
            reset();
            save.clear();
          }}
          disabled={!isDirty || save.busy}
        >
          Discard
        </Button>
      </div>
    </form>
  );
}
