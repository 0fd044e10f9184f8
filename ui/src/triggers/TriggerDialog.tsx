import { valibotResolver } from "@hookform/resolvers/valibot";
import { useForm } from "react-hook-form";
import { ErrorAction } from "@/invoke/ErrorAction";
import { api, type FunctionRef, type Trigger } from "@/platform";
import { describedBy, Field, Input, Select, Textarea, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import {
  CREDENTIALS,
  needsSecret,
  type TriggerForm,
  triggerFromForm,
  triggerSchema,
  triggerToForm,
} from "./trigger-form";

interface TriggerDialogProps {
  target: FunctionRef;
  /** The trigger to change; without it a new one. */
  trigger: Trigger | null;
  onSaved: () => Promise<unknown>;
  onClose: () => void;
}

const TEXTS = [
  { name: "server", label: "Server", hint: "nats://host:port, or tls://host:port.", mono: true },
  { name: "subject", label: "Subject", hint: "* stands for one part, > for all that follow.", mono: true },
  {
    name: "queueGroup",
    label: "Queue group",
    hint: "Members of a group share the messages. May be empty.",
    mono: true,
  },
  { name: "name", label: "Name", hint: "Empty: the subject.", mono: false },
] as const;

export function TriggerDialog({ target, trigger, onSaved, onClose }: TriggerDialogProps) {
  const { register, handleSubmit, formState, watch, setError } = useForm({
    resolver: valibotResolver(triggerSchema),
    defaultValues: triggerToForm(trigger),
  });
  const save = useAttempt(async (form: TriggerForm) => {
    await api.saveTrigger({
      id: trigger?.id,
      trigger: triggerFromForm(target, form, trigger),
      secret: form.secret === "" ? undefined : form.secret,
    });
    await onSaved();
    onClose();
  });
  const { errors } = formState;
  const credential = watch("credential");
  const kept = trigger !== null && trigger.credential === credential && credential !== "none";

  return (
    <FormDialog
      title={trigger === null ? "New NATS trigger" : `Change ${trigger.name}`}
      description="The function is called for each message on a subject."
      action={trigger === null ? "Create trigger" : "Save trigger"}
      busy={save.busy}
      error={save.error}
      onSubmit={handleSubmit((form) => {
        if (needsSecret(form, trigger)) setError("secret", { message: "Give the credential." });
        else return save.run(form);
      })}
      onClose={onClose}
    >
      <div className="grid grid-cols-2 gap-x-4 gap-y-2">
        {TEXTS.map(({ name, label, hint, mono }) => (
          <TextField
            key={name}
            id={`trigger-${name}`}
            label={label}
            hint={hint}
            error={errors[name]?.message}
            className={mono ? "w-full font-mono text-sm" : "w-full"}
            {...register(name)}
          />
        ))}
      </div>
      <Field id="trigger-credential" label="Logs in with">
        <Select id="trigger-credential" {...register("credential")}>
          {CREDENTIALS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      {credential !== "none" && (
        <Field
          id="trigger-secret"
          label="Credential"
          hint={
            kept
              ? "One is kept. Leave it empty to keep it; it is never shown."
              : `${CREDENTIALS.find(({ value }) => value === credential)?.hint} Kept in the secret store, never shown again.`
          }
          error={errors.secret?.message}
        >
          {credential === "creds" ? (
            <Textarea
              id="trigger-secret"
              rows={4}
              className="w-full font-mono text-sm"
              autoComplete="off"
              spellCheck={false}
              aria-describedby={describedBy("trigger-secret")}
              {...register("secret")}
            />
          ) : (
            <Input
              id="trigger-secret"
              type="password"
              className="w-full font-mono text-sm"
              autoComplete="new-password"
              aria-invalid={errors.secret !== undefined}
              aria-describedby={describedBy("trigger-secret")}
              {...register("secret")}
            />
          )}
        </Field>
      )}
      {save.error !== null && <ErrorAction error={save.error} />}
    </FormDialog>
  );
}
