import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useOverview, useSettings } from "@/api/queries";
import { api, type Settings } from "@/platform";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { describedBy, Field, FormError, Input } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { fromForm, type SettingsForm, settingsSchema, toForm } from "./settings-form";

export function EngineSection() {
  const settings = useSettings();
  return (
    <Section
      title="Local engine"
      description="How long callers wait, how long records stay, and where the gateway answers."
    >
      {settings.isError ? (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      ) : settings.data ? (
        <EngineForm settings={settings.data} />
      ) : (
        <Skeleton rows={4} />
      )}
    </Section>
  );
}

function EngineForm({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const overview = useOverview();
  const { register, handleSubmit, formState, reset } = useForm({
    resolver: valibotResolver(settingsSchema),
    values: toForm(settings),
  });
  const save = useAttempt(async (form: SettingsForm) => {
    const saved = await api.saveSettings({ settings: fromForm(form) });
    client.setQueryData(keys.settings, saved);
    reset(toForm(saved));
    toast.success("Settings saved");
  });
  const { errors, isDirty } = formState;
  const gateway = overview.data?.gatewayUrl;
  const nextStart = gateway && !gateway.endsWith(`:${settings.gatewayPort}`);

  const control = (name: keyof SettingsForm, unit: string) => (
    <div className="flex items-center gap-2">
      <Input
        id={name}
        type="number"
        step="any"
        className="max-w-30 text-right"
        aria-invalid={errors[name] !== undefined}
        aria-describedby={describedBy(name)}
        {...register(name, { valueAsNumber: true })}
      />
      <span className="text-muted">{unit}</span>
    </div>
  );

  return (
    <form
      onSubmit={handleSubmit((form) => save.run(form))}
      noValidate
      className="flex max-w-140 flex-col gap-3"
    >
      <Field
        id="blockingSeconds"
        label="A blocking caller waits at most"
        hint="Longer runs become asynchronous: the caller gets the activation id, and the run goes on. 1 to 900."
        error={errors.blockingSeconds?.message}
      >
        {control("blockingSeconds", "seconds")}
      </Field>
      <Field
        id="retentionDays"
        label="Records are kept for"
        hint="Pinned records stay longer. 3 to 365."
        error={errors.retentionDays?.message}
      >
        {control("retentionDays", "days")}
      </Field>
      <Field
        id="gatewayPort"
        label="Port of the gateway"
        hint={
          nextStart
            ? `Used from the next start on. Now it answers at ${gateway}.`
            : "A change is used from the next start on."
        }
        error={errors.gatewayPort?.message}
      >
        {control("gatewayPort", "on 127.0.0.1")}
      </Field>
      {save.error !== null && <FormError error={save.error} />}
      <div className="flex gap-2">
        <Button variant="primary" type="submit" disabled={!isDirty} busy={save.busy}>
          Save
        </Button>
        <Button onClick={() => reset()} disabled={!isDirty || save.busy}>
          Discard
        </Button>
      </div>
    </form>
  );
}
