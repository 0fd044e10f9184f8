import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type Namespace } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, FormError, Input } from "@/ui/Field";
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
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Rename namespace"
      description={`Changes the label only: the name ${namespace.name} is part of URLs and stays.`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="rename-namespace"
            busy={rename.busy}
            disabled={label.trim() === ""}
          >
            Rename
          </Button>
        </>
      }
    >
      <form
        id="rename-namespace"
        onSubmit={(event) => {
          event.preventDefault();
          void rename.run();
        }}
      >
        <Field id="new-label" label="Label">
          <Input
            id="new-label"
            value={label}
            maxLength={100}
            autoComplete="off"
            onChange={(event) => setLabel(event.target.value)}
          />
        </Field>
        {rename.error !== null && <FormError error={rename.error} />}
      </form>
    </Dialog>
  );
}
