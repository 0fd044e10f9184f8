import { useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { ProductionWarning } from "@/app/environment";
import { useSidebar } from "@/app/ui-state";
import { type Account, api, type Connection } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { toast } from "@/ui/toast";

interface DeleteAccountNamespaceProps {
  account: Account;
  connection: Connection;
  onClose: () => void;
}

/** Ends a namespace at the provider; to end only its connection is `RemoveConnection`. */
export function DeleteAccountNamespace({ account, connection, onClose }: DeleteAccountNamespaceProps) {
  const { id, name, accountNamespace } = connection;
  const namespace = accountNamespace ?? "";
  const client = useQueryClient();
  const { connection: chosen, choose } = useSidebar();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the namespace ${namespace}?`}
      action="Delete namespace"
      typed={namespace}
      onConfirm={async () => {
        await api.deleteAccountNamespace({ account: account.id, namespace, confirmation: namespace });
        if (chosen === id) choose("local");
        await client.invalidateQueries({ queryKey: keys.connections });
        toast.success(`${namespace} deleted`);
      }}
    >
      <ProductionWarning connection={connection} />
      <p>
        All functions, access keys and triggers in it are deleted at DigitalOcean, in the account{" "}
        {account.name}. They cannot be brought back.
      </p>
      <p className="mt-2">
        The connection {name} goes with it. Its runs stay in the log until their retention ends.
      </p>
    </ConfirmDialog>
  );
}
