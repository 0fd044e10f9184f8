import { useEffect } from "react";
import { keys } from "@/api/keys";
import { useFunctions } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import { api, type ScheduledTriggerView } from "@/platform";
import { SchedulePreview } from "@/triggers/SchedulePreview";
import { UsualTimeField } from "@/triggers/UsualTimeField";
import { Checkbox, SelectField, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { prettyJson } from "@/ui/json";
import { scheduledTriggerSchema } from "./entity-form";
import { JsonField } from "./JsonField";
import { Lacking, NameField, Names } from "./PlaceField";
import { useEntityForm } from "./useEntityForm";

interface ScheduledTriggerDialogProps {
  connection: string;
  namespace: string;
  /** The one to change; without it a new one. */
  old?: ScheduledTriggerView;
  onClose: () => void;
}

export function ScheduledTriggerDialog(props: ScheduledTriggerDialogProps) {
  const { connection, namespace, old, onClose } = props;
  const show = useShell((shell) => shell.show);
  const functions = useFunctions(connection)
    .data?.filter((f) => f.namespace === namespace)
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b));
  const { dialog, field, json, register, watch, setValue, getValues } = useEntityForm({
    connection,
    schema: scheduledTriggerSchema,
    defaults: {
      name: old?.name ?? "",
      function: old?.function ?? "",
      cron: old?.cron ?? "0 8 * * *",
      body: prettyJson(old?.body || "{}"),
      enabled: old?.enabled ?? true,
    },
    save: ({ name, ...draft }) =>
      api.putScheduledTrigger({ connection, name, replace: old !== undefined, draft }),
    changes: keys.scheduledTriggers(connection),
    onClose,
  });
  const only = functions?.length === 1 ? functions[0] : undefined;
  useEffect(() => {
    if (only !== undefined && getValues("function") === "") setValue("function", only);
  }, [only, setValue, getValues]);
  const cron = watch("cron");
  const none = old === undefined && functions?.length === 0;

  return (
    <FormDialog
      {...dialog}
      title={old === undefined ? "New schedule" : `Change ${old.name}`}
      description={
        old === undefined
          ? "Calls a function by the clock. DigitalOcean keeps it, and fires it while Beckon is closed, too."
          : `Calls ${old.function}. To call another function, make a new schedule.`
      }
      action={old === undefined ? "Create schedule" : "Save schedule"}
      disabled={none}
    >
      {old === undefined && (
        <NameField
          id="scheduled-name"
          even
          hint="For example nightly-report."
          {...field("name")}
          place={
            <SelectField
              id="scheduled-function"
              label="Function"
              hint="It cannot be changed later."
              disabled={none}
              {...field("function")}
            >
              <option value="">Choose a function</option>
              <Names all={functions} />
            </SelectField>
          }
        />
      )}
      {none && (
        <Lacking
          action="New function"
          onMake={() => {
            onClose();
            show({ type: "new-function", connection, namespace });
          }}
        >
          This namespace has no function yet. A schedule needs one.
        </Lacking>
      )}
      <div className="grid grid-cols-2 gap-4">
        <TextField
          id="scheduled-cron"
          label="When, as a cron expression in UTC"
          hint="Minute, hour, day, month, weekday."
          className="w-full font-mono text-sm"
          {...field("cron")}
        />
        <UsualTimeField
          id="scheduled-usual"
          cron={cron}
          onPick={(next) => setValue("cron", next, { shouldDirty: true, shouldValidate: true })}
        />
      </div>
      <SchedulePreview expression={cron} zone="UTC" />
      <div className="mt-2">
        <JsonField label="Input" hint="A JSON object that the function is called with." {...json("body")} />
      </div>
      <label htmlFor="scheduled-enabled" className="flex min-h-6 items-center gap-2.5">
        <Checkbox id="scheduled-enabled" {...register("enabled")} />
        Switched on
      </label>
    </FormDialog>
  );
}
