import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api } from "@/platform";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import { DeploymentFields, isReady } from "./DeploymentFields";
import { toDeployment, toForm } from "./form";

interface DeployDialogProps {
  connection: string;
  namespace: string;
  onClose: () => void;
}

/** Deploys an image as a new function of a provider. */
export function DeployDialog({ connection, namespace, onClose }: DeployDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [form, setForm] = useState(() => toForm(undefined));
  const deploy = useAttempt(async () => {
    const target = { connection, namespace, name: name.trim() };
    await api.deployFunction({ function: target, deployment: toDeployment(form, undefined), new: true });
    await client.invalidateQueries({ queryKey: keys.functions(connection) });
    onClose();
    void navigate({
      to: "/c/$connection/ns/$namespace/fn/$",
      params: { connection, namespace, _splat: target.name },
      search: { tab: "overview" },
    });
  });
  return (
    <FormDialog
      title="Deploy an image"
      description={`As a new function in ${namespace}.`}
      action="Deploy"
      busy={deploy.busy}
      error={deploy.error}
      onSubmit={() => void deploy.run()}
      onClose={onClose}
      disabled={name.trim() === "" || !isReady(form)}
    >
      <TextField
        id="deployment-name"
        label="Name"
        hint="Lower-case letters, digits and hyphens."
        className="w-full font-mono text-sm"
        placeholder="hello"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <DeploymentFields form={form} onChange={setForm} />
    </FormDialog>
  );
}
