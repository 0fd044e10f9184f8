import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useHandlers, useNamespaces, useRuntimes, useTemplates } from "@/api/queries";
import { BuildLive } from "@/builds/BuildLive";
import { useBuildWatch } from "@/builds/useBuildWatch";
import { api, type Contract, type FunctionRef, type Handler, type Language, type Template } from "@/platform";
import { FolderField } from "@/sources/FolderField";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Checkbox, Field, FormError, Select, TextField } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { useAttempt } from "@/ui/useAttempt";
import { HandlerPicker } from "./HandlerPicker";
import { type NewFunctionForm, newFunctionSchema } from "./new-function-form";
import { RuntimePicker } from "./RuntimePicker";

interface NewFunctionDialogProps {
  connection: string;
  namespace?: string;
  /** Begins with the code from this folder. */
  folder?: string;
  onClose: () => void;
}

const NOBODY: FunctionRef = { connection: "local", namespace: "", name: "" };

export function NewFunctionDialog({ connection, namespace, folder, onClose }: NewFunctionDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const templates = useTemplates();
  const handlers = useHandlers();
  const runtimes = useRuntimes();
  const namespaces = useNamespaces(connection);
  const { register, handleSubmit, formState, setValue, watch } = useForm<NewFunctionForm>({
    resolver: valibotResolver(newFunctionSchema),
    defaultValues: {
      name: "",
      namespace: namespace ?? "",
      source: folder === undefined ? "template" : "folder",
      language: "",
      contract: "openwhisk",
      template: "",
      path: folder ?? "",
      watch: true,
    },
  });
  const form = watch();
  const firstLanguage = runtimes.data?.find(({ available }) => available)?.language;
  const firstNamespace = namespaces.data?.[0]?.name;
  const language = form.language === "" ? null : form.language;
  const offered = offeredFor(templates.data, language, form.contract);
  const template = offered.find(({ id }) => id === form.template) ?? offered[0];

  useEffect(() => {
    if (firstLanguage !== undefined) setValue("language", firstLanguage);
  }, [firstLanguage, setValue]);
  useEffect(() => {
    if (firstNamespace !== undefined && namespace === undefined) setValue("namespace", firstNamespace);
  }, [firstNamespace, namespace, setValue]);

  // Watched from the first press on: the first build of a function that is not there yet.
  const [making, setMaking] = useState<FunctionRef | null>(null);
  const watched = useBuildWatch(making ?? NOBODY, making !== null);

  const create = useAttempt(async (wanted: NewFunctionForm) => {
    const target = { connection, namespace: wanted.namespace, name: wanted.name };
    const runtime = runtimes.data?.find((each) => each.language === wanted.language);
    if (!runtime) return;
    setMaking(target);
    if (wanted.source === "folder") {
      const { contract, path, watch: watched } = wanted;
      await api.createFromFolder({
        function: target,
        kind: runtime.kind,
        contract,
        path: path.trim(),
        watch: watched,
      });
    } else {
      const among = offeredFor(templates.data, runtime.language, wanted.contract);
      const template = among.find(({ id }) => id === wanted.template) ?? among[0];
      if (!template) return;
      await fromTemplate(target, template);
    }
    await client.invalidateQueries({ queryKey: keys.functions(connection) });
    await client.invalidateQueries({ queryKey: keys.namespaces(connection) });
    onClose();
    await navigate({
      to: "/c/$connection/ns/$namespace/fn/$",
      params: { connection, namespace: wanted.namespace, _splat: wanted.name },
      search: { tab: "code" },
    });
  });

  async function fromTemplate(target: FunctionRef, template: Template) {
    const made = await api.createFunction({
      function: target,
      kind: template.kind,
      contract: template.contract,
      code: { type: "source", text: template.code },
    });
    client.setQueryData(keys.function(made.function), made);
    // The input to try it with; a lost one is only the convenience of not typing it.
    await api.saveDraft({ function: made.function, text: template.input }).catch(() => undefined);
  }

  function choose(chosen: Language) {
    setValue("language", chosen);
    const other = handlers.data?.find(({ languages }) => languages.includes(chosen));
    const keep = handlers.data === undefined || fits(handlers.data, form.contract, chosen);
    follow(chosen, keep || other === undefined ? form.contract : other.contract);
  }

  function follow(chosen: Language, contract: Contract) {
    setValue("contract", contract);
    setValue("template", "");
    if (offeredFor(templates.data, chosen, contract).length === 0) setValue("source", "folder");
  }

  const { errors } = formState;
  const failed = templates.error ?? handlers.error ?? runtimes.error;

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !create.busy && onClose()}
      title="New function"
      width="lg"
      footer={
        <>
          <Button onClick={onClose} disabled={create.busy}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form="new-function" busy={create.busy}>
            Create function
          </Button>
        </>
      }
    >
      <form
        id="new-function"
        noValidate
        onSubmit={handleSubmit((wanted) => create.run(wanted))}
        className="flex flex-col gap-3"
      >
        <div className="grid grid-cols-[1fr_200px] gap-4">
          <TextField
            id="function-name"
            label="Name"
            hint="hello, or package/hello."
            error={errors.name?.message}
            className="w-full font-mono text-sm"
            {...register("name")}
          />
          <Field id="function-namespace" label="Namespace" error={errors.namespace?.message}>
            <Select id="function-namespace" className="w-full" {...register("namespace")}>
              {(namespaces.data ?? []).map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        {failed ? (
          <ErrorState
            error={failed}
            onRetry={() => {
              for (const query of [templates, handlers, runtimes]) void query.refetch();
            }}
          />
        ) : runtimes.data && handlers.data && templates.data ? (
          <>
            <RuntimePicker
              runtimes={runtimes.data.filter((each, at, all) => {
                // Of several versions the first is the one that new functions get.
                const first = all.findIndex(({ language: other }) => other === each.language);
                return first === at && anyFor(handlers.data, each.language);
              })}
              value={language}
              onChange={choose}
            />
            {language !== null && (
              <HandlerPicker
                handlers={handlers.data}
                language={language}
                value={form.contract}
                onChange={(contract) => follow(language, contract)}
              />
            )}
            <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
              <Segmented
                label="Where the code comes from"
                value={form.source}
                onChange={(source) => setValue("source", source)}
                options={[
                  {
                    value: "template",
                    label: "From a template",
                    disabled: offered.length === 0,
                    title: offered.length === 0 ? "There is none for this handler" : undefined,
                  },
                  { value: "folder", label: "From a folder" },
                ]}
              />
              {form.source === "template" && offered.length > 1 && (
                <Select
                  aria-label="Template"
                  className="w-64"
                  value={template?.id}
                  onChange={(event) => setValue("template", event.target.value)}
                >
                  {offered.map(({ id, title }) => (
                    <option key={id} value={id}>
                      {title}
                    </option>
                  ))}
                </Select>
              )}
              {form.source === "template" && <p className="min-w-0 text-muted">{template?.description}</p>}
            </div>
            {form.source === "folder" && (
              <div>
                <FolderField
                  value={form.path}
                  onChange={(path) => setValue("path", path, { shouldValidate: formState.isSubmitted })}
                  error={errors.path?.message}
                />
                <label htmlFor="folder-watch" className="mt-2 flex min-h-6 items-center gap-2.5">
                  <Checkbox id="folder-watch" {...register("watch")} />
                  Deploy again whenever a file in it is saved
                </label>
              </div>
            )}
          </>
        ) : (
          <Skeleton rows={6} />
        )}
        {watched !== null && making !== null && (
          <div className="overflow-hidden rounded-lg border border-line">
            <BuildLive target={making} watched={watched} serving={false} />
          </div>
        )}
        {create.error !== null && <FormError error={create.error} />}
      </form>
    </Dialog>
  );
}

function offeredFor(
  templates: readonly Template[] | undefined,
  language: Language | null,
  contract: Contract,
): readonly Template[] {
  return (templates ?? []).filter((each) => each.language === language && each.contract === contract);
}

function fits(handlers: readonly Handler[], contract: Contract, language: Language): boolean {
  return handlers.some((each) => each.contract === contract && each.languages.includes(language));
}

function anyFor(handlers: readonly Handler[], language: Language): boolean {
  return handlers.some(({ languages }) => languages.includes(language));
}
