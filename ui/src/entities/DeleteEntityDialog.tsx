import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { keys } from "@/api/keys";
import { ProductionWarning } from "@/app/environment";
import { api, type Collection, type Connection, type EntityName } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { toast } from "@/ui/toast";
import { ONE } from "./text";

interface DeleteEntityDialogProps {
  connection: Connection;
  namespace: string;
  collection: Collection | "schedules";
  name: EntityName;
  /** Of a package: how many functions go with it. */
  functions?: number;
  /** What else follows. */
  children: ReactNode;
  onClose: () => void;
}

export function DeleteEntityDialog(props: DeleteEntityDialogProps) {
  const { connection, namespace, collection, name, functions = 0, children, onClose } = props;
  const client = useQueryClient();
  const one = ONE[collection];
  const also =
    functions === 0 ? "" : functions === 1 ? " and its function" : ` and its ${functions} functions`;
  const force = functions > 0;
  const changed =
    collection === "schedules"
      ? [keys.scheduledTriggers(connection.id)]
      : [keys.entitiesOf(connection.id), keys.functions(connection.id)];
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the ${one} ${name}${also}?`}
      action={functions === 0 ? `Delete ${one}` : `Delete package${also}`}
      typed={force || connection.environment === "production" ? name : undefined}
      onConfirm={async () => {
        try {
          await (collection === "schedules"
            ? api.deleteScheduledTrigger({ connection: connection.id, name })
            : api.deleteEntity({ connection: connection.id, namespace, collection, name, force }));
          toast.success(`${name} deleted`);
        } finally {
          // A refusal, too, may come from what is not shown yet.
          for (const queryKey of changed) await client.invalidateQueries({ queryKey });
        }
      }}
    >
      <ProductionWarning connection={connection} />
      {children} This cannot be undone.
    </ConfirmDialog>
  );
}
