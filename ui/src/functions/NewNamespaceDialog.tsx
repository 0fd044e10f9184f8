import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { keys } from "@/api/keys";
import { useConnections } from "@/api/queries";
import { api } from "@/platform";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import { namespaceName } from "./names";

const schema = v.object({
  name: namespaceName,
  label: v.pipe(v.string(), v.trim(), v.maxLength(100, "At most 100 characters.")),
});

interface NewNamespaceDialogProps {
  /** Where; on this machine when absent. */
  connection?: string;
  onClose: () => void;
}

export function NewNamespaceDialog({ connection = "local", onClose }: NewNamespaceDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const local = connection === "local";
  const provider = useConnections().data?.find(({ id }) => id === connection)?.name;
  const { register, handleSubmit, formState } = useForm({
    resolver: valibotResolver(schema),
    defaultValues: { name: "", label: "" },
  });
  const create = useAttempt(async ({ name, label }: v.InferOutput<typeof schema>) => {
    const made = await api.createNamespace({
      name,
      label: label === "" ? name : label,
      ...(!local && { connection }),
    });
    await client.invalidateQueries({ queryKey: keys.namespaces(connection) });
    onClose();
    await navigate({
      to: "/c/$connection/ns/$namespace",
      params: { connection, namespace: made.name },
    });
  });
  const { errors } = formState;

  return (
    <FormDialog
      title="New namespace"
      description={
        local
          ? "A group of functions on this machine, with tokens of its own."
          : `At ${provider ?? "the provider"}. Some servers keep that to themselves, and say so.`
      }
      action="Create namespace"
      width="sm"
      busy={create.busy}
      error={create.error}
      onSubmit={handleSubmit((form) => create.run(form))}
      onClose={onClose}
    >
      <TextField
        id="namespace-name"
        label="Name"
        hint="Part of every URL; it cannot be changed later."
        error={errors.name?.message}
        className="font-mono text-sm"
        {...register("name")}
      />
      {local && (
        <TextField
          id="namespace-label"
          label="Label"
          hint="What people call it. Optional."
          error={errors.label?.message}
          {...register("label")}
        />
      )}
    </FormDialog>
  );
}
