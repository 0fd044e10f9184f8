import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Controller, useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useFunctions, useNamespaces, useSecretStore } from "@/api/queries";
import { api, type NewToken, type TokenKind } from "@/platform";
import { StoreNotice } from "@/secrets/StoreRemedy";
import { cx } from "@/ui/cx";
import { SelectField, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { formResolver } from "@/ui/formResolver";
import { Segmented } from "@/ui/Segmented";
import { useAttempt } from "@/ui/useAttempt";
import { CreatedToken } from "./CreatedToken";
import { KINDS, kindOf, LIFETIMES, type ScopeType, type TokenForm, toDraft, tokenSchema } from "./token-form";

const SCOPES: Record<ScopeType, string> = {
  account: "Every namespace",
  namespace: "A namespace",
  function: "One function",
};

export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [created, setCreated] = useState<NewToken | null>(null);
  const create = useAttempt(async (form: TokenForm) => {
    setCreated(await api.createToken({ draft: toDraft(form) }));
    void client.invalidateQueries({ queryKey: keys.tokens });
  });
  if (created !== null) return <CreatedToken created={created} onClose={onClose} />;
  return <Form onClose={onClose} create={create} />;
}

interface FormProps {
  onClose: () => void;
  create: ReturnType<typeof useAttempt<[TokenForm]>>;
}

function Form({ onClose, create }: FormProps) {
  const namespaces = useNamespaces("local");
  const functions = useFunctions("local");
  const store = useSecretStore();
  const { register, control, handleSubmit, watch, formState, setValue, getValues } = useForm<TokenForm>({
    resolver: formResolver(tokenSchema),
    defaultValues: {
      name: "",
      kind: "openwhisk",
      scope: "namespace",
      namespace: "",
      function: "",
      lifetime: "30d",
    },
  });
  const { errors } = formState;
  const [kind, scope] = [kindOf(watch("kind")), watch("scope")];
  const names = (functions.data ?? []).filter((f) => f.namespace === watch("namespace")).map((f) => f.name);

  // The options arrive later than the form; until then nothing is chosen.
  const firstNamespace = namespaces.data?.[0]?.name;
  useEffect(() => {
    if (firstNamespace !== undefined && getValues("namespace") === "") setValue("namespace", firstNamespace);
  }, [firstNamespace, getValues, setValue]);

  return (
    <FormDialog
      title="New token"
      description="A credential for curl, a CLI or an SDK that comes to the local gateway."
      action="Create token"
      busy={create.busy}
      error={create.error}
      onSubmit={handleSubmit((form) => create.run(form))}
      onClose={onClose}
    >
      <StoreNotice store={store.data} need="Beckon will show the token once and not keep it." />
      <TextField id="token-name" label="Name" error={errors.name?.message} {...register("name")} />
      <div className="mb-3 flex flex-col items-start gap-1">
        <span className="font-medium" aria-hidden>
          For
        </span>
        <Controller
          control={control}
          name="kind"
          render={({ field }) => (
            <Segmented
              label="For"
              value={field.value}
              options={KINDS}
              onChange={(value) => {
                field.onChange(value);
                setValue("scope", kindOf(value).scopes[0]);
              }}
            />
          )}
        />
        <p className="text-sm text-subtle">{kind.says}</p>
      </div>
      <div className="mb-3 flex flex-col items-start gap-1">
        <span className="font-medium" aria-hidden>
          Reaches
        </span>
        <Controller
          control={control}
          name="scope"
          render={({ field }) => (
            <Segmented
              label="Reaches"
              value={field.value}
              options={kind.scopes.map((value) => ({ value, label: SCOPES[value] }))}
              onChange={field.onChange}
            />
          )}
        />
        <p className="text-sm text-subtle">{reachText(kind.value, scope)}</p>
      </div>
      <div className={cx(scope === "function" && "grid grid-cols-2 gap-4", scope === "account" && "hidden")}>
        <SelectField
          id="token-namespace"
          label="Namespace"
          error={errors.namespace?.message}
          {...register("namespace", { onChange: () => setValue("function", "") })}
        >
          {(namespaces.data ?? []).map(({ name, label }) => (
            <option key={name} value={name}>
              {namespaceText(name, label)}
            </option>
          ))}
        </SelectField>
        {scope === "function" && (
          <SelectField
            id="token-function"
            label="Function"
            hint={
              functions.data && names.length === 0 ? "There is no function in this namespace." : undefined
            }
            error={errors.function?.message}
            {...register("function")}
          >
            <option value="">Choose…</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
      </div>
      <div className="flex flex-col items-start gap-1">
        <span className="font-medium" aria-hidden>
          Expires after
        </span>
        <Controller
          control={control}
          name="lifetime"
          render={({ field }) => (
            <Segmented
              label="Expires after"
              value={field.value}
              options={LIFETIMES}
              onChange={field.onChange}
            />
          )}
        />
      </div>
    </FormDialog>
  );
}

function reachText(kind: TokenKind, scope: ScopeType): string {
  if (kind === "openfaas")
    return scope === "account"
      ? "Deploys, scales and deletes functions in every namespace, and makes namespaces."
      : "Deploys, scales and deletes functions in the namespace.";
  if (kind === "spaces" && scope === "account")
    return "Reads, changes and invokes everything in every namespace.";
  if (scope === "account") return "Makes, lists and deletes namespaces, access keys and scheduled triggers.";
  if (kind === "digitalocean")
    return "Reads and deletes the namespace, and manages its access keys and triggers.";
  return scope === "namespace"
    ? "Reads, changes and invokes everything in the namespace."
    : "Reads and invokes the function, and changes nothing.";
}

/** The label too, where it says more than the name. */
function namespaceText(name: string, label: string): string {
  return label === "" || label.toLowerCase() === name ? name : `${name} (${label})`;
}
