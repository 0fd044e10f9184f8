import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { keys } from "@/api/keys";
import { useNamespaces } from "@/api/queries";
import { api } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { toast } from "@/ui/toast";

interface DeleteNamespaceDialogProps {
  connection: string;
  name: string;
  functions: number;
  onClose: () => void;
}

export function DeleteNamespaceDialog({ connection, name, functions, onClose }: DeleteNamespaceDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const local = connection === "local";
  const others = useNamespaces(connection).data;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the namespace ${name}?`}
      action="Delete namespace"
      typed={name}
      onConfirm={async () => {
        await api.deleteNamespace({ name, confirmation: name, ...(!local && { connection }) });
        const next = others?.find((each) => each.name !== name)?.name;
        await (local || next === undefined
          ? navigate({ to: local ? "/" : "/connections" })
          : navigate({ to: "/c/$connection/ns/$namespace", params: { connection, namespace: next } }));
        await client.invalidateQueries({ queryKey: keys.namespaces(connection) });
        await client.invalidateQueries({ queryKey: keys.functions(connection) });
        await client.invalidateQueries({ queryKey: keys.overview });
        await client.invalidateQueries({ queryKey: keys.tokens });
        toast.success(`${name} deleted`);
      }}
    >
      {functions === 0
        ? "It has no functions. "
        : `Its ${functions} ${functions === 1 ? "function is" : "functions are"} deleted with ${local ? "code, settings and secrets" : "it, and its secrets"}. `}
      {local && "Its packages, triggers and rules go with it, and its tokens stop working. "}
      Its runs stay in the log until their retention ends. This cannot be undone.
    </ConfirmDialog>
  );
}
