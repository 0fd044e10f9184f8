import { useEffect } from "react";
import { keys } from "@/api/keys";
import { useEntities, useFunctions } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import { api, type Entities, type FunctionSummary, type RuleView } from "@/platform";
import { SelectField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { ruleSchema } from "./entity-form";
import { Lacking, NameField, Names, usePlace } from "./PlaceField";
import { useEntityForm } from "./useEntityForm";

interface RuleDialogProps {
  connection: string;
  /** Without it the dialog asks. */
  namespace?: string;
  /** The rule to change; without it a new one. */
  old?: RuleView;
  /** The trigger that a new one begins with. */
  trigger?: string;
  onClose: () => void;
}

export function RuleDialog({ connection, namespace: known, old, trigger, onClose }: RuleDialogProps) {
  const show = useShell((shell) => shell.show);
  const { namespace, field: place } = usePlace(connection, known);
  const entities = useEntities(connection, namespace, namespace !== "").data;
  const functions = useFunctions(connection).data;
  const { dialog, field, setValue, getValues } = useEntityForm({
    connection,
    schema: ruleSchema,
    defaults: {
      name: old?.name ?? "",
      trigger: old?.trigger.name ?? trigger ?? "",
      action: old?.action.name ?? "",
    },
    save: (form) =>
      api.putRule({
        connection,
        namespace,
        name: form.name,
        replace: old !== undefined,
        draft: {
          trigger: { namespace, name: form.trigger },
          action:
            old !== undefined && form.action === old.action.name
              ? old.action
              : { namespace, name: form.action },
        },
      }),
    changes: keys.entitiesOf(connection),
    onClose,
  });
  // A select shows its value only once the option is there.
  const triggers = withOwn(entities?.triggers.map(({ name }) => name) ?? [], old?.trigger.name ?? trigger);
  const actions = withOwn(callable(entities, functions, namespace), old?.action.name);
  const count = triggers.length + actions.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: put again whenever there are other options
  useEffect(() => {
    for (const name of ["trigger", "action"] as const) setValue(name, getValues(name));
  }, [count, setValue, getValues]);
  const noTrigger = entities !== undefined && triggers.length === 0;

  return (
    <FormDialog
      {...dialog}
      title={old === undefined ? "New rule" : `Change ${old.name}`}
      description="When the trigger is fired, the function is called, asynchronously."
      action={old === undefined ? "Create rule" : "Save rule"}
      disabled={namespace === "" || noTrigger}
    >
      {old === undefined && <NameField id="rule-name" place={place} {...field("name")} />}
      <div className="grid grid-cols-2 gap-4">
        <SelectField
          id="rule-trigger"
          label="When"
          hint="A trigger of this namespace."
          disabled={noTrigger}
          {...field("trigger")}
        >
          <option value="">Choose a trigger</option>
          <Names all={triggers} />
        </SelectField>
        <SelectField id="rule-action" label="Call" hint="A function of this namespace." {...field("action")}>
          <option value="">Choose a function</option>
          <Names all={actions} />
        </SelectField>
      </div>
      {noTrigger && (
        <Lacking
          action="New trigger"
          onMake={() => {
            onClose();
            show({ type: "new-entity", collection: "triggers", connection, namespace });
          }}
        >
          This namespace has no trigger yet. A rule needs one.
        </Lacking>
      )}
    </FormDialog>
  );
}

/** The functions of the namespace, those that it has by its bindings among them. */
function callable(
  entities: Entities | undefined,
  functions: readonly FunctionSummary[] | undefined,
  namespace: string,
): string[] {
  const own = (functions ?? []).filter((f) => f.namespace === namespace).map(({ name }) => name);
  const bound = (entities?.packages ?? [])
    .filter(({ binding }) => binding !== null)
    .flatMap((each) => each.functions.map(({ name }) => `${each.name}/${name}`));
  return [...own, ...bound].sort((a, b) => a.localeCompare(b));
}

/** The choices with the one that was made, also when it is none any more. */
function withOwn(names: readonly string[], own: string | undefined): readonly string[] {
  return own === undefined || own === "" || names.includes(own) ? names : [own, ...names];
}
