import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import * as v from "valibot";
import { keys } from "@/api/keys";
import { api } from "@/platform";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import { namespaceName } from "./names";

const schema = v.object({
  name: namespaceName,
  label: v.pipe(v.string(), v.trim(), v.maxLength(100, "At most 100 characters.")),
});

export function NewNamespaceDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { register, handleSubmit, formState } = useForm({
    resolver: valibotResolver(schema),
    defaultValues: { name: "", label: "" },
  });
  const create = useAttempt(async ({ name, label }: v.InferOutput<typeof schema>) => {
    const made = await api.createNamespace({ name, label: label === "" ? name : label });
    await client.invalidateQueries({ queryKey: keys.namespaces("local") });
    onClose();
    await navigate({
      to: "/c/$connection/ns/$namespace",
      params: { connection: "local", namespace: made.name },
    });
  });
  const { errors } = formState;

  return (
    <FormDialog
      title="New namespace"
      description="A group of functions on this machine, with tokens of its own."
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
      <TextField
        id="namespace-label"
        label="Label"
        hint="What people call it. Optional."
        error={errors.label?.message}
        {...register("label")}
      />
    </FormDialog>
  );
}
