import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { KeyField } from "@/connections/KeyField";
import { api } from "@/platform";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";

interface NamespaceSecretDialogProps {
  connection: string;
  namespace: string;
  /** The one that gets another value; without it a new one is made. */
  name?: string;
  onClose: () => void;
}

/** A secret of a provider's namespace: written there, and kept nowhere here. */
export function NamespaceSecretDialog({ connection, namespace, name, onClose }: NamespaceSecretDialogProps) {
  const client = useQueryClient();
  const [typed, setTyped] = useState(name ?? "");
  const [value, setValue] = useState("");
  const save = useAttempt(async () => {
    const replace = name !== undefined;
    await api.putNamespaceSecret({ connection, namespace, name: typed.trim(), value, replace });
    await client.invalidateQueries({ queryKey: keys.namespaceSecrets(connection, namespace) });
    onClose();
  });
  return (
    <FormDialog
      title={name === undefined ? "New secret" : `Replace ${name}`}
      description={`Of ${namespace}. The value goes to the provider, and is kept nowhere here.`}
      action={name === undefined ? "Create secret" : "Replace value"}
      busy={save.busy}
      error={save.error}
      onSubmit={() => void save.run()}
      onClose={onClose}
      disabled={typed.trim() === "" || value === ""}
    >
      {name === undefined && (
        <TextField
          id="secret-name"
          label="Name"
          hint="Functions name it so, and find it as a file of this name."
          className="w-full font-mono text-sm"
          placeholder="api-key"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <KeyField
        id="secret-value"
        label="Value"
        hint="Byte for byte, line breaks at its end too."
        error={undefined}
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
    </FormDialog>
  );
}
