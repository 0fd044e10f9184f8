import { keys } from "@/api/keys";
import { useEntityForm } from "@/entities/useEntityForm";
import { api, type SpaceTrigger } from "@/platform";
import { SelectField, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import {
  fromForm,
  KINDS,
  needsPassword,
  type SpaceKind,
  type SpaceTriggerForm,
  spaceTriggerSchema,
  toForm,
} from "./space-form";
import { kindName } from "./space-words";

interface SpaceTriggerDialogProps {
  connection: string;
  namespace: string;
  /** The one to change; without it a new one. */
  old?: SpaceTrigger;
  onClose: () => void;
}

const MONO = "w-full font-mono text-sm";
const PORTS: Record<Exclude<SpaceKind, "cron">, string> = { mqtt: "1883", rabbitmq: "5672" };
const SCHEMES: Record<Exclude<SpaceKind, "cron">, string> = { mqtt: "mqtts://", rabbitmq: "amqps://" };

/** What calls functions of a space: made, or changed but for its type. */
export function SpaceTriggerDialog({ connection, namespace, old, onClose }: SpaceTriggerDialogProps) {
  const local = connection === "local";
  const { dialog, field, watch } = useEntityForm<SpaceTriggerForm>({
    connection,
    schema: spaceTriggerSchema,
    defaults: toForm(old),
    save: ({ password, ...form }) =>
      api.putSpaceTrigger({
        connection,
        namespace,
        id: old?.id,
        // Here nobody is called back for a run by the clock.
        trigger: fromForm({
          ...form,
          password: "",
          callbackUrl: local && form.type === "cron" ? "" : form.callbackUrl,
        }),
        password: form.type === "cron" || password === "" ? undefined : password,
      }),
    changes: keys.spaceTriggers(connection, namespace),
    onClose,
  });
  const type = watch("type");
  const kind = KINDS.find(({ value }) => value === type);

  return (
    <FormDialog
      {...dialog}
      title={old === undefined ? "New trigger" : `Change ${kindName(old.source)} trigger`}
      description={
        old === undefined ? kind?.does : "It stays of its type. For another type make a new trigger."
      }
      action={old === undefined ? "Create trigger" : "Save trigger"}
    >
      <div className={old === undefined ? "grid grid-cols-[160px_1fr] gap-x-4" : undefined}>
        {old === undefined && (
          <SelectField id="space-trigger-type" label="Type" hint="Fixed once made." {...field("type")}>
            {KINDS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
        )}
        <TextField
          id="space-trigger-description"
          label="Description"
          hint="For people. May be empty."
          className="w-full"
          {...field("description")}
        />
      </div>
      {type !== "cron" && (
        <>
          <div className="grid grid-cols-[1fr_120px] gap-x-4">
            <TextField
              id="space-trigger-host"
              label="Host"
              hint={`A name or an address${local ? `; with ${SCHEMES[type]} before it over TLS` : ""}.`}
              className={MONO}
              {...field("host")}
            />
            <TextField
              id="space-trigger-port"
              label="Port"
              hint="Empty: the usual."
              placeholder={PORTS[type]}
              inputMode="numeric"
              className={MONO}
              {...field("port")}
            />
          </div>
          <div className="grid grid-cols-2 gap-x-4">
            <TextField
              id="space-trigger-username"
              label="User"
              hint="Empty: it does not log in."
              className={MONO}
              {...field("username")}
            />
            <TextField
              id="space-trigger-password"
              label="Password"
              type="password"
              autoComplete="new-password"
              hint={passwordHint(
                local,
                old,
                needsPassword({ host: watch("host"), port: watch("port"), username: watch("username") }, old),
              )}
              className={MONO}
              {...field("password")}
            />
          </div>
          {type === "rabbitmq" && (
            <div className="grid grid-cols-2 gap-x-4">
              <TextField
                id="space-trigger-queue"
                label="Queue"
                hint="Empty: one of its own."
                className={MONO}
                {...field("queue")}
              />
              <TextField
                id="space-trigger-exchange"
                label="Exchange"
                hint="What the queue is bound to."
                className={MONO}
                {...field("exchange")}
              />
            </div>
          )}
          <div className={type === "mqtt" ? "grid grid-cols-[1fr_200px] gap-x-4" : undefined}>
            <TextField
              id="space-trigger-topics"
              label={type === "mqtt" ? "Topics" : "Routing keys"}
              hint={
                type === "mqtt"
                  ? "Between commas; + and # are wildcards."
                  : "Between commas; * and # are wildcards. Empty: all."
              }
              className={MONO}
              {...field("topics")}
            />
            {type === "mqtt" && (
              <SelectField id="space-trigger-qos" label="Quality of service" {...field("qos")}>
                <option value="">{local ? "1, as usual" : "As the provider has it"}</option>
                <option value="0">0, at most once</option>
                <option value="1">1, at least once</option>
                <option value="2">{local ? "2, at least once here" : "2, exactly once"}</option>
              </SelectField>
            )}
          </div>
        </>
      )}
      {!(local && type === "cron") && (
        <TextField
          id="space-trigger-callback"
          label="Callback URL"
          hint="Told how each call ended. May be empty."
          className={MONO}
          {...field("callbackUrl")}
        />
      )}
    </FormDialog>
  );
}

function passwordHint(local: boolean, old: SpaceTrigger | undefined, needed: boolean): string {
  if (needed) return "Needed again for this broker and user.";
  if (old !== undefined)
    return local ? "Empty keeps the one that is there." : "Empty: the provider keeps the one it has.";
  return local ? "Kept in the secret store, never shown." : "Goes to the provider, kept nowhere here.";
}
