import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Controller, useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useSecretStore } from "@/api/queries";
import { useSidebar } from "@/app/ui-state";
import { api, type Connection } from "@/platform";
import { StoreNotice, StoreRemedy } from "@/secrets/StoreRemedy";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, FormError, Select, TextField } from "@/ui/Field";
import { formResolver } from "@/ui/formResolver";
import { Segmented } from "@/ui/Segmented";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { type ConnectionForm, connectionSchema, toDraft, toForm } from "./connection-form";
import { useConnectionTest } from "./connection-test";
import { IntoView } from "./IntoView";
import { KeyField } from "./KeyField";
import { TestReport } from "./TestReport";

const KINDS = [
  { value: "digitalocean", label: "DigitalOcean Functions" },
  { value: "openwhisk", label: "OpenWhisk" },
] as const;

const ENVIRONMENTS = [
  { value: "local", label: "Local" },
  { value: "development", label: "Development" },
  { value: "staging", label: "Staging" },
  { value: "production", label: "Production" },
] as const;

const KEY_HINT = {
  digitalocean:
    "In DigitalOcean: the function › Settings › Access & Security › REST API › Show Token. Paste the whole curl command, or only the key.",
  openwhisk: "user:key, its base64 form, or a whole curl command.",
};

interface ConnectionDialogProps {
  /** The one to edit; without it a new one is added. */
  connection?: Connection;
  onClose: () => void;
}

export function ConnectionDialog({ connection, onClose }: ConnectionDialogProps) {
  const client = useQueryClient();
  const store = useSecretStore();
  const choose = useSidebar((sidebar) => sidebar.choose);
  const test = useConnectionTest();
  const editing = connection !== undefined;
  const { register, control, handleSubmit, watch, getValues, setValue, trigger, formState } =
    useForm<ConnectionForm>({
      resolver: formResolver(connectionSchema(editing)),
      defaultValues: toForm(connection),
    });
  const { errors } = formState;
  const first = useRef<HTMLInputElement | null>(null);
  const { ref: nameRef, ...name } = register("name");

  const save = useAttempt(async (form: ConnectionForm) => {
    const draft = toDraft(form);
    const saved = await (editing
      ? api.editConnection({ id: connection.id, draft })
      : api.addConnection({ draft }));
    await client.invalidateQueries({ queryKey: keys.connections });
    if (editing) {
      void client.invalidateQueries({ queryKey: keys.functions(saved.id) });
      void client.invalidateQueries({ queryKey: keys.namespaces(saved.id) });
    } else {
      choose(saved.id);
    }
    toast.success(editing ? `“${saved.name}” is changed` : `“${saved.name}” is connected`);
    onClose();
  });

  async function runTest() {
    if (!(await trigger(["apiHost", "key"]))) return;
    const found = await test.run(toDraft(getValues()), connection?.id ?? null);
    if (found !== null && getValues("apiHost").trim() === "") setValue("apiHost", found.apiHost);
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      width="md"
      initialFocus={first}
      title={editing ? `Edit “${connection.name}”` : "Add a connection"}
      description="Its functions and their runs appear here, beside the local ones."
      footer={
        <>
          <Button onClick={runTest} busy={test.outcome.state === "running"} className="mr-auto">
            Test
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="connection" busy={save.busy}>
            {editing ? "Save" : "Add connection"}
          </Button>
        </>
      }
    >
      <form
        id="connection"
        onSubmit={handleSubmit((form) => save.run(form))}
        noValidate
        className="flex flex-col gap-2"
      >
        {!editing && (
          <StoreNotice store={store.data} need="The key of a connection needs a place to be kept." />
        )}
        <div className="grid grid-cols-2 gap-4">
          <TextField
            id="connection-name"
            label="Name"
            error={errors.name?.message}
            {...name}
            ref={(element) => {
              nameRef(element);
              first.current = element;
            }}
          />
          <Field id="connection-kind" label="System">
            <Select id="connection-kind" {...register("kind", { onChange: test.clear })}>
              {KINDS.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <div className="mb-3 flex flex-col items-start gap-1">
          <span className="font-medium" aria-hidden>
            Environment
          </span>
          <Controller
            control={control}
            name="environment"
            render={({ field }) => (
              <Segmented
                label="Environment"
                value={field.value}
                options={ENVIRONMENTS}
                onChange={field.onChange}
              />
            )}
          />
          <p className="text-sm text-subtle">
            {watch("environment") === "production"
              ? "Marked in red wherever it is used."
              : "Decides the colour that marks it everywhere."}
          </p>
        </div>
        <TextField
          id="connection-host"
          label="API host"
          hint="May stay empty when a whole curl command is pasted below."
          error={errors.apiHost?.message}
          className="font-mono text-sm"
          placeholder={
            watch("kind") === "digitalocean"
              ? "faas-lon1-0123abcd.doserverless.co"
              : "https://whisk.example.com"
          }
          {...register("apiHost", { onChange: test.clear })}
        />
        <KeyField
          hint={
            editing
              ? `Leave it empty to keep the key that ends in ${connection.keyHint}.`
              : KEY_HINT[watch("kind")]
          }
          error={errors.key?.message}
          {...register("key", { onChange: test.clear })}
        />
        <TestReport outcome={test.outcome} />
        {save.error !== null && (
          <IntoView when={save.error}>
            <FormError error={save.error} />
            <StoreRemedy action={save.error.action} onDone={save.clear} />
          </IntoView>
        )}
      </form>
    </Dialog>
  );
}
