import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { keys } from "@/api/keys";
import { useConnections } from "@/api/queries";
import { ProductionWarning } from "@/app/environment";
import { api, type FunctionRef } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { toast } from "@/ui/toast";

export function DeleteFunctionDialog({ target, onClose }: { target: FunctionRef; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const connection = useConnections().data?.find(({ id }) => id === target.connection);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete ${target.name}?`}
      action="Delete function"
      typed={target.name}
      onConfirm={async () => {
        // Leave first: its page would hear of the deletion and read what is no longer there.
        await navigate({
          to: "/c/$connection/ns/$namespace",
          params: { connection: target.connection, namespace: target.namespace },
          ignoreBlocker: true,
        });
        await api.deleteFunction({ function: target, confirmation: target.name });
        client.removeQueries({ queryKey: keys.function(target) });
        await client.invalidateQueries({ queryKey: keys.functions(target.connection) });
        await client.invalidateQueries({ queryKey: keys.entitiesOf(target.connection) });
        await client.invalidateQueries({ queryKey: keys.overview });
        toast.success(`${target.name} deleted`);
      }}
    >
      <ProductionWarning connection={connection} />
      {target.connection === "local"
        ? "Its code, settings and secrets are removed, and tokens for it alone stop working. "
        : `It is removed at ${connection?.name ?? "its provider"}, with its code and settings. `}
      Its runs stay in the log until their retention ends. This cannot be undone.
    </ConfirmDialog>
  );
}
