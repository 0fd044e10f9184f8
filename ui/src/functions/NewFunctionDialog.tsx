import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { keys } from "@/api/keys";
import { useNamespaces, useTemplates } from "@/api/queries";
import { api } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { describedBy, Field, FormError, Input, Select } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { useAttempt } from "@/ui/useAttempt";
import { functionName } from "./names";
import { TemplatePicker } from "./TemplatePicker";

const schema = v.object({
  name: functionName,
  namespace: v.pipe(v.string(), v.nonEmpty("Choose a namespace.")),
  template: v.pipe(v.string(), v.nonEmpty("Choose what to start from.")),
});

interface NewFunctionDialogProps {
  connection: string;
  namespace?: string;
  onClose: () => void;
}

export function NewFunctionDialog({ connection, namespace, onClose }: NewFunctionDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const templates = useTemplates();
  const namespaces = useNamespaces(connection);
  const { register, handleSubmit, formState, setValue, watch } = useForm({
    resolver: valibotResolver(schema),
    defaultValues: { name: "", namespace: namespace ?? "", template: "" },
  });
  const first = templates.data?.find(({ available }) => available)?.id;
  const firstNamespace = namespaces.data?.[0]?.name;
  useEffect(() => {
    if (first !== undefined) setValue("template", first);
  }, [first, setValue]);
  useEffect(() => {
    if (firstNamespace !== undefined && namespace === undefined) setValue("namespace", firstNamespace);
  }, [firstNamespace, namespace, setValue]);

  const create = useAttempt(async (form: v.InferOutput<typeof schema>) => {
    const template = templates.data?.find(({ id }) => id === form.template);
    if (!template) return;
    const made = await api.createFunction({
      function: { connection, namespace: form.namespace, name: form.name },
      kind: template.kind,
      code: { type: "source", text: template.code },
    });
    client.setQueryData(keys.function(made.function), made);
    // The input to try it with; a lost one is only the convenience of not typing it.
    await api.saveDraft({ function: made.function, text: template.input }).catch(() => undefined);
    await client.invalidateQueries({ queryKey: keys.functions(connection) });
    await client.invalidateQueries({ queryKey: keys.namespaces(connection) });
    onClose();
    await navigate({
      to: "/c/$connection/ns/$namespace/fn/$",
      params: { connection, namespace: form.namespace, _splat: form.name },
      search: { tab: "code" },
    });
  });
  const { errors } = formState;

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="New function"
      width="md"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="new-function" busy={create.busy}>
            Create function
          </Button>
        </>
      }
    >
      <form
        id="new-function"
        noValidate
        onSubmit={handleSubmit((form) => create.run(form))}
        className="flex flex-col gap-2"
      >
        <div className="grid grid-cols-[1fr_200px] gap-4">
          <Field id="function-name" label="Name" hint="hello, or package/hello." error={errors.name?.message}>
            <Input
              id="function-name"
              autoComplete="off"
              spellCheck={false}
              className="font-mono text-sm"
              aria-invalid={errors.name !== undefined}
              aria-describedby={describedBy("function-name")}
              {...register("name")}
            />
          </Field>
          <Field id="function-namespace" label="Namespace" error={errors.namespace?.message}>
            <Select id="function-namespace" {...register("namespace")}>
              {(namespaces.data ?? []).map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        {templates.isError ? (
          <ErrorState error={templates.error} onRetry={() => void templates.refetch()} />
        ) : templates.data ? (
          <TemplatePicker
            templates={templates.data}
            value={watch("template")}
            onChange={(id) => setValue("template", id, { shouldValidate: true })}
            error={errors.template?.message}
          />
        ) : (
          <Skeleton rows={4} />
        )}
        {create.error !== null && <FormError error={create.error} />}
      </form>
    </Dialog>
  );
}
