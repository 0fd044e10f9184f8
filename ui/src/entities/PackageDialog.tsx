import { keys } from "@/api/keys";
import { useEntities } from "@/api/queries";
import { api, type PackageView } from "@/platform";
import { Checkbox, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { Segmented } from "@/ui/Segmented";
import { type PackageForm, packageSchema } from "./entity-form";
import { JsonField } from "./JsonField";
import { NameField, usePlace } from "./PlaceField";
import { parametersFrom, parametersText } from "./parameters";
import { parseKey } from "./text";
import { useEntityForm } from "./useEntityForm";

interface PackageDialogProps {
  connection: string;
  /** Without it the dialog asks. */
  namespace?: string;
  /** The package to change; without it a new one. */
  old?: PackageView;
  onClose: () => void;
}

export function PackageDialog({ connection, namespace: known, old, onClose }: PackageDialogProps) {
  const { namespace, field: place } = usePlace(connection, known);
  const entities = useEntities(connection, namespace, namespace !== "").data;
  const { dialog, field, json, register, watch, setValue } = useEntityForm<PackageForm>({
    connection,
    schema: packageSchema,
    defaults: {
      name: old?.name ?? "",
      publish: old?.publish ?? false,
      kind: old?.binding ? "binding" : "package",
      bound: old?.binding ? `/${old.binding.namespace}/${old.binding.name}` : "",
      parameters: parametersText(old?.parameters ?? []),
    },
    save: ({ name, publish, kind, bound, parameters }) =>
      api.putPackage({
        connection,
        namespace,
        name,
        replace: old !== undefined,
        draft: {
          parameters: parametersFrom(parameters),
          publish: kind === "package" ? publish : null,
          binding: kind === "binding" ? parseKey(bound) : null,
        },
      }),
    changes: keys.entitiesOf(connection),
    onClose,
  });
  const kind = watch("kind");
  const binding = kind === "binding";

  return (
    <FormDialog
      {...dialog}
      title={old === undefined ? "New package" : `Change ${old.name}`}
      description={
        binding
          ? "Another package under a name and with parameters of its own."
          : "A group of functions that share parameters."
      }
      action={old === undefined ? (binding ? "Create binding" : "Create package") : "Save package"}
      disabled={namespace === ""}
    >
      {old === undefined && (
        <>
          <NameField
            id="package-name"
            hint="The first part of its functions' names: name/function."
            place={place}
            {...field("name")}
          />
          <div className="mb-1">
            <Segmented
              label="What it holds"
              value={kind}
              onChange={(next) => setValue("kind", next)}
              options={[
                { value: "package", label: "Functions of its own" },
                { value: "binding", label: "Binding of another package" },
              ]}
            />
          </div>
        </>
      )}
      {binding && (
        <div>
          <TextField
            id="package-bound"
            label="Binding of"
            hint="Written /namespace/package."
            className="w-full font-mono text-sm"
            list="bindable"
            {...field("bound")}
          />
          <datalist id="bindable">
            {(entities?.packages ?? [])
              .filter((each) => each.binding === null)
              .map((each) => (
                <option key={each.name} value={`/${each.namespace}/${each.name}`} />
              ))}
            <option value="/whisk.system/utils" />
          </datalist>
        </div>
      )}
      <JsonField
        label="Parameters"
        hint={
          binding
            ? "A JSON object. Wins over the parameters of the package that is bound."
            : "A JSON object that each of its functions receives. A function's own parameters win."
        }
        {...json("parameters")}
        autoFocus={old !== undefined && !binding}
      />
      {old !== undefined && old.environment.length > 0 && (
        <p className="text-muted text-xs">
          It also gives the environment {old.environment.length === 1 ? "variable" : "variables"}{" "}
          {old.environment.join(", ")}, which saving leaves as they are.
        </p>
      )}
      {!binding && (
        <label htmlFor="package-publish" className="flex min-h-6 items-start gap-2.5">
          <Checkbox id="package-publish" className="mt-0.5" {...register("publish")} />
          <span>
            Public <span className="text-muted">Other namespaces may call its functions and bind it.</span>
          </span>
        </label>
      )}
    </FormDialog>
  );
}
