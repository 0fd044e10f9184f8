import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type Namespace } from "@/platform";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";

export function RenameNamespaceDialog({ namespace, onClose }: { namespace: Namespace; onClose: () => void }) {
  const client = useQueryClient();
  const [label, setLabel] = useState(namespace.label);
  const rename = useAttempt(async () => {
    await api.renameNamespace({ name: namespace.name, label: label.trim() });
    await client.invalidateQueries({ queryKey: keys.namespaces("local") });
    onClose();
  });
  return (
    <FormDialog
      title="Rename namespace"
      description={`Changes the label only: the name ${namespace.name} is part of URLs and stays.`}
      action="Rename"
      width="sm"
      busy={rename.busy}
      error={rename.error}
      onSubmit={() => void rename.run()}
      onClose={onClose}
      disabled={label.trim() === ""}
    >
      <TextField
        id="new-label"
        label="Label"
        value={label}
        maxLength={100}
        onChange={(event) => setLabel(event.target.value)}
      />
    </FormDialog>
  );
}
