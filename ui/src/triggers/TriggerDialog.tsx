import { valibotResolver } from "@hookform/resolvers/valibot";
import { useForm } from "react-hook-form";
import { ErrorAction } from "@/invoke/ErrorAction";
import { api, type FunctionRef, type Trigger } from "@/platform";
import { describedBy, Field, Input, Select, Textarea, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import {
  BROKERS,
  type Broker,
  CREDENTIALS,
  credentialsOf,
  needsSecret,
  serverOf,
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

type TextName = "server" | "subject" | "queueGroup" | "topics" | "queue" | "exchange" | "name";
type Text = { name: TextName; label: string; hint: string; mono: boolean };

const NAME: Text = { name: "name", label: "Name", hint: "Empty: what it listens to.", mono: false };

const TEXTS: Record<Broker, readonly Text[]> = {
  nats: [
    { name: "server", label: "Server", hint: "nats://host:port, or tls://host:port.", mono: true },
    { name: "subject", label: "Subject", hint: "* stands for one part, > for all that follow.", mono: true },
    {
      name: "queueGroup",
      label: "Queue group",
      hint: "Members of a group share the messages. May be empty.",
      mono: true,
    },
    NAME,
  ],
  mqtt: [
    { name: "server", label: "Server", hint: "mqtt://host:port, or mqtts://host:port.", mono: true },
    {
      name: "topics",
      label: "Topics",
      hint: "Between commas; + stands for one level, # for all that follow.",
      mono: true,
    },
    NAME,
  ],
  rabbitmq: [
    {
      name: "server",
      label: "Server",
      hint: "amqp://host:port or amqps://host:port, with /vhost where it is not /.",
      mono: true,
    },
    { name: "queue", label: "Queue", hint: "Made when there is none. Empty: one of its own.", mono: true },
    { name: "exchange", label: "Exchange", hint: "What the queue is bound to. May be empty.", mono: true },
    {
      name: "topics",
      label: "Routing keys",
      hint: "Between commas; * stands for one word, # for any. Empty: all.",
      mono: true,
    },
    NAME,
  ],
};

export function TriggerDialog({ target, trigger, onSaved, onClose }: TriggerDialogProps) {
  const { register, handleSubmit, formState, watch, setError, setValue, getValues } = useForm({
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
  const broker = watch("broker");
  // A server of another protocol is none, and neither is a credential that it does not take.
  const choose = (next: Broker) => {
    if (getValues("server") === serverOf(broker)) setValue("server", serverOf(next));
    if (!credentialsOf(next).some(({ value }) => value === getValues("credential")))
      setValue("credential", "none");
    setValue("broker", next);
  };
  const kept = trigger !== null && trigger.credential === credential && credential !== "none";

  return (
    <FormDialog
      title={trigger === null ? "New message trigger" : `Change ${trigger.name}`}
      description="The function is called for each message that arrives."
      action={trigger === null ? "Create trigger" : "Save trigger"}
      busy={save.busy}
      error={save.error}
      onSubmit={handleSubmit((form) => {
        if (needsSecret(form, trigger)) setError("secret", { message: "Give the credential." });
        else return save.run(form);
      })}
      onClose={onClose}
    >
      <Field id="trigger-broker" label="Broker">
        <Select id="trigger-broker" value={broker} onChange={(event) => choose(event.target.value as Broker)}>
          {BROKERS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <div className="grid grid-cols-2 gap-x-4 gap-y-2">
        {TEXTS[broker].map(({ name, label, hint, mono }) => (
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
        {broker === "mqtt" && (
          <Field
            id="trigger-qos"
            label="Quality of service"
            hint="Above 0 the broker keeps what comes while nobody listens."
          >
            <Select id="trigger-qos" aria-describedby={describedBy("trigger-qos")} {...register("qos")}>
              <option value="0">0, at most once</option>
              <option value="1">1, at least once</option>
              <option value="2">2, at least once here</option>
            </Select>
          </Field>
        )}
      </div>
      <Field id="trigger-credential" label="Logs in with">
        <Select id="trigger-credential" {...register("credential")}>
          {credentialsOf(broker).map(({ value, label }) => (
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
