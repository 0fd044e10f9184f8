import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { keys } from "@/api/keys";
import { useSecretStore } from "@/api/queries";
import { useSidebar } from "@/app/ui-state";
import { type Account, api, type Connection, type Environment } from "@/platform";
import { StoreNotice } from "@/secrets/StoreRemedy";
import { SelectField, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { formResolver } from "@/ui/formResolver";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { EnvironmentField } from "./EnvironmentField";

/** Where DigitalOcean runs functions. */
const REGIONS = [
  ["ams3", "Amsterdam"],
  ["blr1", "Bangalore"],
  ["fra1", "Frankfurt"],
  ["lon1", "London"],
  ["nyc1", "New York"],
  ["sfo3", "San Francisco"],
  ["sgp1", "Singapore"],
  ["syd1", "Sydney"],
  ["tor1", "Toronto"],
] as const;

const schema = v.object({
  label: v.pipe(
    v.string(),
    v.trim(),
    v.nonEmpty("Give it a label."),
    v.maxLength(100, "At most 100 characters."),
  ),
  region: v.string(),
});
type Form = v.InferOutput<typeof schema>;

interface NewAccountNamespaceDialogProps {
  account: Account;
  /** Those of the account: a new namespace is likely to be in the same place. */
  connections: readonly Connection[];
  onClose: () => void;
}

export function NewAccountNamespaceDialog(props: NewAccountNamespaceDialogProps) {
  const { account, connections, onClose } = props;
  const client = useQueryClient();
  const store = useSecretStore();
  const choose = useSidebar((sidebar) => sidebar.choose);
  const [environment, setEnvironment] = useState<Environment>("development");
  const { register, handleSubmit, formState } = useForm<Form>({
    resolver: formResolver(schema),
    defaultValues: { label: "", region: regionOf(connections) },
  });
  const create = useAttempt(async (form: Form) => {
    try {
      const made = await api.createAccountNamespace({ account: account.id, ...form, environment });
      choose(made.id);
      toast.success(`“${made.name}” is made and connected`);
      onClose();
    } finally {
      await client.invalidateQueries({ queryKey: keys.connections });
    }
  });

  return (
    <FormDialog
      title="New namespace"
      description={`In the account ${account.name}, at DigitalOcean. It is connected with an access key of its own.`}
      action="Create namespace"
      busy={create.busy}
      error={create.error}
      onSubmit={handleSubmit((form) => create.run(form))}
      onClose={onClose}
    >
      <StoreNotice store={store.data} need="The keys of connections need a place to be kept." />
      <div className="grid grid-cols-2 gap-4">
        <TextField
          id="account-namespace-label"
          label="Label"
          hint="What people call it."
          error={formState.errors.label?.message}
          className="w-full"
          {...register("label")}
        />
        <SelectField
          id="account-namespace-region"
          label="Region"
          hint="It cannot be changed later."
          {...register("region")}
        >
          {REGIONS.map(([id, city]) => (
            <option key={id} value={id}>
              {city} ({id})
            </option>
          ))}
        </SelectField>
      </div>
      <EnvironmentField value={environment} onChange={setEnvironment} />
    </FormDialog>
  );
}

/** The region that the first of these is in, by its host. */
function regionOf(connections: readonly Connection[]): string {
  const hosts = connections.map(({ apiHost }) => /\bfaas-([a-z]+\d)-/.exec(apiHost)?.[1]);
  return REGIONS.find(([id]) => hosts.includes(id))?.[0] ?? "nyc1";
}
