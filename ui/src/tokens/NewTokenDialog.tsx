import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Controller, useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useFunctions, useNamespaces, useSecretStore } from "@/api/queries";
import { api, type NewToken } from "@/platform";
import { StoreNotice } from "@/secrets/StoreRemedy";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { describedBy, Field, FormError, Select, TextField } from "@/ui/Field";
import { formResolver } from "@/ui/formResolver";
import { Segmented } from "@/ui/Segmented";
import { useAttempt } from "@/ui/useAttempt";
import { CreatedToken } from "./CreatedToken";
import { LIFETIMES, type TokenForm, toDraft, tokenSchema } from "./token-form";

const SCOPES = [
  { value: "namespace", label: "A namespace" },
  { value: "function", label: "One function" },
] as const;

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
    defaultValues: { name: "", scope: "namespace", namespace: "", function: "", lifetime: "30d" },
  });
  const { errors } = formState;
  const first = useRef<HTMLInputElement | null>(null);
  const { ref: nameRef, ...name } = register("name");
  const scope = watch("scope");
  const names = (functions.data ?? []).filter((f) => f.namespace === watch("namespace")).map((f) => f.name);

  // The options arrive later than the form; until then nothing is chosen.
  const firstNamespace = namespaces.data?.[0]?.name;
  useEffect(() => {
    if (firstNamespace !== undefined && getValues("namespace") === "") setValue("namespace", firstNamespace);
  }, [firstNamespace, getValues, setValue]);

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      width="md"
      title="New token"
      initialFocus={first}
      description="A credential for curl, a CLI or an SDK that calls the local gateway."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="new-token" busy={create.busy}>
            Create token
          </Button>
        </>
      }
    >
      <form
        id="new-token"
        noValidate
        onSubmit={handleSubmit((form) => create.run(form))}
        className="flex flex-col gap-2"
      >
        <StoreNotice store={store.data} need="Beckon will show the token once and not keep it." />
        <TextField
          id="token-name"
          label="Name"
          error={errors.name?.message}
          {...name}
          ref={(element) => {
            nameRef(element);
            first.current = element;
          }}
        />
        <div className="mb-3 flex flex-col items-start gap-1">
          <span className="font-medium" aria-hidden>
            Reaches
          </span>
          <Controller
            control={control}
            name="scope"
            render={({ field }) => (
              <Segmented label="Reaches" value={field.value} options={SCOPES} onChange={field.onChange} />
            )}
          />
          <p className="text-sm text-subtle">
            {scope === "namespace"
              ? "Reads, changes and invokes everything in the namespace."
              : "Reads and invokes the function, and changes nothing."}
          </p>
        </div>
        <div className={scope === "function" ? "grid grid-cols-2 gap-4" : undefined}>
          <Field id="token-namespace" label="Namespace" error={errors.namespace?.message}>
            <Select
              id="token-namespace"
              aria-invalid={errors.namespace !== undefined}
              aria-describedby={describedBy("token-namespace")}
              {...register("namespace", { onChange: () => setValue("function", "") })}
            >
              {(namespaces.data ?? []).map(({ name, label }) => (
                <option key={name} value={name}>
                  {namespaceText(name, label)}
                </option>
              ))}
            </Select>
          </Field>
          {scope === "function" && (
            <Field
              id="token-function"
              label="Function"
              hint={
                functions.data && names.length === 0 ? "There is no function in this namespace." : undefined
              }
              error={errors.function?.message}
            >
              <Select
                id="token-function"
                aria-invalid={errors.function !== undefined}
                aria-describedby={describedBy("token-function")}
                {...register("function")}
              >
                <option value="">Choose…</option>
                {names.map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </Select>
            </Field>
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
        {create.error !== null && <FormError error={create.error} className="mt-2" />}
      </form>
    </Dialog>
  );
}

/** The label too, where it says more than the name. */
function namespaceText(name: string, label: string): string {
  return label === "" || label.toLowerCase() === name ? name : `${name} (${label})`;
}
