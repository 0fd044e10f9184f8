import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { keys } from "@/api/keys";
import { api } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { toast } from "@/ui/toast";

interface DeleteNamespaceDialogProps {
  name: string;
  functions: number;
  onClose: () => void;
}

export function DeleteNamespaceDialog({ name, functions, onClose }: DeleteNamespaceDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the namespace ${name}?`}
      action="Delete namespace"
      typed={name}
      onConfirm={async () => {
        await api.deleteNamespace({ name, confirmation: name });
        await navigate({ to: "/" });
        await client.invalidateQueries({ queryKey: keys.namespaces("local") });
        await client.invalidateQueries({ queryKey: keys.functions("local") });
        await client.invalidateQueries({ queryKey: keys.overview });
        await client.invalidateQueries({ queryKey: keys.tokens });
        toast.success(`${name} deleted`);
      }}
    >
      {functions === 0
        ? "It has no functions. "
        : `Its ${functions} ${functions === 1 ? "function is" : "functions are"} deleted with code, settings and secrets. `}
      Its packages, triggers and rules go with it, and its tokens stop working. Its runs stay in the log until
      their retention ends. This cannot be undone.
    </ConfirmDialog>
  );
}
