import { keys } from "@/api/keys";
import { api, type EventTriggerView } from "@/platform";
import { FormDialog } from "@/ui/FormDialog";
import { triggerSchema } from "./entity-form";
import { JsonField } from "./JsonField";
import { NameField, usePlace } from "./PlaceField";
import { parametersFrom, parametersText } from "./parameters";
import { useEntityForm } from "./useEntityForm";

interface EventTriggerDialogProps {
  connection: string;
  /** Without it the dialog asks. */
  namespace?: string;
  /** The trigger to change; without it a new one. */
  old?: EventTriggerView;
  onClose: () => void;
}

export function EventTriggerDialog({ connection, namespace: known, old, onClose }: EventTriggerDialogProps) {
  const { namespace, field: place } = usePlace(connection, known);
  const { dialog, field, json } = useEntityForm({
    connection,
    schema: triggerSchema,
    defaults: { name: old?.name ?? "", parameters: parametersText(old?.parameters ?? []) },
    save: ({ name, parameters }) =>
      api.putEventTrigger({
        connection,
        namespace,
        name,
        replace: old !== undefined,
        draft: { parameters: parametersFrom(parameters) },
      }),
    changes: keys.entitiesOf(connection),
    onClose,
  });

  return (
    <FormDialog
      {...dialog}
      title={old === undefined ? "New trigger" : `Change ${old.name}`}
      description="A named event. Rules join it to the functions that are called when it is fired."
      action={old === undefined ? "Create trigger" : "Save trigger"}
      disabled={namespace === ""}
    >
      {old === undefined && (
        <NameField
          id="trigger-name"
          hint="What happens, for example order-placed."
          place={place}
          {...field("name")}
        />
      )}
      <JsonField
        label="Parameters"
        hint="A JSON object that its functions receive. What it is fired with wins."
        {...json("parameters")}
        autoFocus={old !== undefined}
      />
    </FormDialog>
  );
}
