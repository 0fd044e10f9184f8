import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { keys } from "@/api/keys";
import { useConnections, useFunctions, useKinds, useNamespaces, useTemplates } from "@/api/queries";
import { EnvironmentMark } from "@/app/environment";
import { kindTitle } from "@/app/kinds";
import { api } from "@/platform";
import { ErrorState } from "@/ui/ErrorState";
import { SelectField, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { formResolver } from "@/ui/formResolver";
import { useAttempt } from "@/ui/useAttempt";
import { functionName } from "./names";
import {
  chosenOf,
  familyOf,
  kindsFor,
  kindsOfTemplates,
  kindsToOffer,
  remoteTemplates,
} from "./remote-kinds";

const schema = v.object({
  name: functionName,
  namespace: v.string(),
  kind: v.pipe(
    v.string(),
    v.trim(),
    v.regex(/^[a-z]+:[A-Za-z0-9._-]+$/, "A family and a version, like nodejs:18 or python:default."),
  ),
  template: v.string(),
});
type Form = v.InferOutput<typeof schema>;

interface NewRemoteFunctionDialogProps {
  connection: string;
  namespace?: string;
  onClose: () => void;
}

/** A function at a provider, which has runtimes of its own and the handlers of its system only. */
export function NewRemoteFunctionDialog({
  connection: id,
  namespace,
  onClose,
}: NewRemoteFunctionDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const connection = useConnections().data?.find((each) => each.id === id);
  const namespaces = useNamespaces(id);
  const functions = useFunctions(id).data ?? [];
  const all = useTemplates();
  const templates = remoteTemplates(all.data ?? [], connection?.kind);
  const { register, handleSubmit, formState, watch, setError } = useForm<Form>({
    resolver: formResolver(schema),
    defaultValues: { name: "", namespace: namespace ?? "", kind: "nodejs:default", template: "" },
  });
  const form = watch();
  const has = connection?.capabilities;
  const kinds = useKinds(id, has?.kinds !== false);
  const known = has?.kinds === false ? kindsOfTemplates(templates) : (kinds.data ?? []);
  const waiting = has?.kinds !== false && kinds.isPending;
  const { offered, others } = kindsFor(known, templates);
  const kind = kinds.isError ? form.kind : (chosenOf(offered, form.kind)?.kind ?? "");
  const fitting = templates.filter((each) => familyOf(each.kind) === familyOf(kind));
  const template = fitting.find((each) => each.id === form.template) ?? fitting[0];
  const names = namespaces.data ?? [];
  const production = connection?.environment === "production";

  const create = useAttempt(async (wanted: Form) => {
    const place = wanted.namespace === "" ? (names[0]?.name ?? "") : wanted.namespace;
    const target = { connection: id, namespace: place, name: wanted.name };
    const made = await api.createFunction({
      function: target,
      kind: kinds.isError ? wanted.kind : kind,
      code: { type: "source", text: template?.code ?? "" },
      // OpenWhisk's is what goes without saying.
      ...(template && template.contract !== "openwhisk" && { contract: template.contract }),
    });
    client.setQueryData(keys.function(made.function), made);
    // The input to try it with; a lost one is only the convenience of not typing it.
    if (template) {
      await api.saveDraft({ function: made.function, text: template.input }).catch(() => undefined);
    }
    await client.invalidateQueries({ queryKey: keys.functions(id) });
    await client.invalidateQueries({ queryKey: keys.namespaces(id) });
    onClose();
    await navigate({
      to: "/c/$connection/ns/$namespace/fn/$",
      params: { connection: id, namespace: place, _splat: wanted.name },
      search: { tab: "code" },
    });
  });
  const submit = handleSubmit((wanted) => {
    if (template) return create.run(wanted);
    setError("kind", {
      message: `There is no template for it. Those that there are: ${families(templates)}.`,
    });
  });
  const { errors } = formState;

  return (
    <FormDialog
      title="New function"
      description={
        <span className="inline-flex flex-wrap items-center gap-x-2">
          {connection && <EnvironmentMark environment={connection.environment} />}
          At {connection?.name ?? "the provider"}, deployed at once.
        </span>
      }
      action={production ? "Create in production" : "Create function"}
      variant={production ? "danger" : "primary"}
      busy={create.busy}
      error={create.error}
      onSubmit={() => void submit()}
      onClose={onClose}
      disabled={(names.length === 0 && namespace === undefined) || waiting}
    >
      <div className="grid grid-cols-[1fr_200px] gap-4">
        <TextField
          id="function-name"
          label="Name"
          hint={
            has?.entities === false ? "Lower-case letters, digits and hyphens." : "hello, or package/hello."
          }
          error={errors.name?.message}
          className="w-full font-mono text-sm"
          {...register("name")}
        />
        <SelectField id="function-namespace" label="Namespace" {...register("namespace")}>
          {(names.length === 0 && namespace !== undefined ? [{ name: namespace }] : names).map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
      {all.isError ? (
        <ErrorState error={all.error} onRetry={() => void all.refetch()} />
      ) : (
        <div className="grid grid-cols-2 gap-4">
          {kinds.isError ? (
            <div>
              <TextField
                id="function-kind"
                label="Runtime"
                hint="Which it runs is not known. Write one: nodejs:18, or nodejs:default."
                error={errors.kind?.message}
                className="w-full font-mono text-sm"
                list="kinds"
                {...register("kind")}
              />
              <datalist id="kinds">
                {kindsToOffer(templates, functions).map((each) => (
                  <option key={each} value={each} />
                ))}
              </datalist>
            </div>
          ) : (
            <SelectField
              id="function-kind"
              label="Runtime"
              hint={others.length > 0 && `From a project only: ${others.join(", ")}.`}
              error={errors.kind?.message}
              disabled={waiting}
              {...register("kind")}
              value={kind}
            >
              {offered.map((each) => (
                <option key={each.kind} value={each.kind}>
                  {kindTitle(each.kind)}
                  {each.default ? " (default)" : ""}
                </option>
              ))}
            </SelectField>
          )}
          <SelectField
            id="function-template"
            label="Template"
            hint={template?.description}
            disabled={fitting.length === 0}
            {...register("template")}
            value={template?.id ?? ""}
          >
            {fitting.length === 0 && <option value="">None for this runtime</option>}
            {fitting.map((each) => (
              <option key={each.id} value={each.id}>
                {each.title}
              </option>
            ))}
          </SelectField>
        </div>
      )}
    </FormDialog>
  );
}

function families(templates: readonly { kind: string }[]): string {
  return [...new Set(templates.map(({ kind }) => familyOf(kind)))].join(", ");
}
