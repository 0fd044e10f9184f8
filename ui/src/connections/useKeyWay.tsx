import { useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { Controller, useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useSecretStore } from "@/api/queries";
import { useSidebar } from "@/app/ui-state";
import { api, type Connection } from "@/platform";
import { StoreNotice, StoreRemedy } from "@/secrets/StoreRemedy";
import { Button } from "@/ui/Button";
import { Field, FormError, Select, TextField } from "@/ui/Field";
import { formResolver } from "@/ui/formResolver";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { accountTokenIn } from "./account-token";
import { type ConnectionForm, connectionSchema, hasUser, toDraft, toForm } from "./connection-form";
import { useConnectionTest } from "./connection-test";
import { EnvironmentField } from "./EnvironmentField";
import { IntoView } from "./IntoView";
import { KeyField } from "./KeyField";
import { TestReport } from "./TestReport";
import type { Way } from "./way";

const KINDS = [
  { value: "digitalocean", label: "DigitalOcean Functions" },
  { value: "openwhisk", label: "OpenWhisk" },
  { value: "openfaas", label: "OpenFaaS" },
  { value: "spaces", label: "Spaces" },
] as const;

const HOSTS = {
  digitalocean: "faas-lon1-0123abcd.doserverless.co",
  openwhisk: "https://whisk.example.com",
  openfaas: "http://127.0.0.1:8080",
  spaces: "https://api.swx.altairone.com/spaces/my-space",
};

const KEY_HINT = {
  digitalocean:
    "In DigitalOcean: the function › Settings › Access & Security › REST API › Show Token. Paste the whole curl command, or only the key.",
  openwhisk: "user:key, its base64 form, or a whole curl command.",
  openfaas: "Empty where the gateway asks for none. faasd keeps it in /var/lib/faasd/secrets.",
  spaces: "It is shown where the client is made.",
};

interface KeyWayOptions {
  /** The one to edit; without it a new one is added. */
  connection?: Connection;
  onClose: () => void;
  /** An account's token was pasted, and is to be used as one. */
  onToken?: (token: string) => void;
}

/** A connection by its API host and key. */
export function useKeyWay({ connection, onClose, onToken }: KeyWayOptions): Way {
  const client = useQueryClient();
  const store = useSecretStore();
  const choose = useSidebar((sidebar) => sidebar.choose);
  const test = useConnectionTest();
  const editing = connection !== undefined;
  const { register, control, handleSubmit, watch, getValues, setValue, clearErrors, trigger, formState } =
    useForm<ConnectionForm>({
      resolver: formResolver(connectionSchema(editing)),
      defaultValues: toForm(connection),
    });
  const { errors } = formState;
  const token = accountTokenIn(watch("key"));
  const kind = watch("kind");
  const named = hasUser(kind);
  const secret = { openfaas: "password", spaces: "secret", digitalocean: "key", openwhisk: "key" }[kind];
  const who = kind === "spaces" ? "client" : "user";

  const save = useAttempt(async (form: ConnectionForm) => {
    const draft = toDraft(form, editing);
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
    const found = await test.run(toDraft(getValues(), editing), connection?.id ?? null);
    if (found !== null && getValues("apiHost").trim() === "") setValue("apiHost", found.apiHost);
  }

  return {
    footer: (
      <>
        <Button onClick={runTest} busy={test.outcome.state === "running"} className="mr-auto">
          Test
        </Button>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="primary" type="submit" form="connection" busy={save.busy}>
          {editing ? "Save" : "Add connection"}
        </Button>
      </>
    ),
    body: (
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
          <TextField id="connection-name" label="Name" error={errors.name?.message} {...register("name")} />
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
        <div className="mb-3">
          <Controller
            control={control}
            name="environment"
            render={({ field }) => <EnvironmentField value={field.value} onChange={field.onChange} />}
          />
        </div>
        <TextField
          id="connection-host"
          label={kind === "openfaas" ? "Gateway URL" : "API host"}
          hint={named ? undefined : "May stay empty when a whole curl command is pasted below."}
          error={errors.apiHost?.message}
          className="font-mono text-sm"
          placeholder={HOSTS[kind]}
          {...register("apiHost", { onChange: test.clear })}
        />
        {named && (
          <TextField
            id="connection-user"
            label={who === "user" ? "User" : "Client id"}
            hint={editing ? `Empty keeps the ${who}; another one needs the ${secret} again.` : undefined}
            placeholder={kind === "openfaas" && !editing ? "admin" : undefined}
            error={errors.user?.message}
            className="font-mono text-sm"
            {...register("user", { onChange: test.clear })}
          />
        )}
        <KeyField
          label={secret.charAt(0).toUpperCase() + secret.slice(1)}
          rows={named ? 1 : 3}
          hint={
            editing
              ? `Leave it empty to keep the ${secret} that ends in ${connection.keyHint}.`
              : KEY_HINT[kind]
          }
          error={errors.key?.message}
          {...register("key", { onChange: test.clear })}
        />
        {token !== null && onToken !== undefined && (
          <IntoView when={token}>
            <TokenOffer
              onUse={() => {
                setValue("key", "");
                clearErrors();
                onToken(token);
              }}
            />
          </IntoView>
        )}
        <TestReport outcome={test.outcome} />
        {save.error !== null && (
          <IntoView when={save.error}>
            <FormError error={save.error} />
            <StoreRemedy action={save.error.action} onDone={save.clear} />
          </IntoView>
        )}
      </form>
    ),
  };
}

function TokenOffer({ onUse }: { onUse: () => void }) {
  return (
    <div role="status" className="mb-2 flex items-center gap-2 rounded-md bg-info-soft px-3 py-2">
      <KeyRound size={15} className="shrink-0 text-info" aria-hidden />
      <p className="min-w-0 flex-1">
        This is the API token of a DigitalOcean account. With it you choose among the account’s namespaces.
      </p>
      <Button onClick={onUse}>Use as API token</Button>
    </div>
  );
}
