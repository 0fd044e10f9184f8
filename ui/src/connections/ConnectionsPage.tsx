import { Globe, Plus } from "lucide-react";
import { useState } from "react";
import { useConnections } from "@/api/queries";
import { useShell, useSidebar } from "@/app/ui-state";
import { api, type Connection } from "@/platform";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { ConnectionDialog } from "./ConnectionDialog";
import { ConnectionRow } from "./ConnectionRow";

export function ConnectionsPage() {
  const connections = useConnections();
  const show = useShell((shell) => shell.show);
  const { connection: chosen, choose } = useSidebar();
  const [editing, setEditing] = useState<Connection | null>(null);
  const [removing, setRemoving] = useState<Connection | null>(null);
  const add = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      onClick={() => show({ type: "add-connection" })}
    >
      Add connection
    </Button>
  );
  const onlyLocal = connections.data?.every(({ kind }) => kind === "local");

  return (
    <>
      <PageHeader
        title="Connections"
        description="The local engine, and the providers whose functions you invoke and follow from here."
        actions={onlyLocal ? undefined : add}
      />
      {connections.isError && !connections.data ? (
        <ErrorState error={connections.error} onRetry={() => void connections.refetch()} />
      ) : connections.data === undefined ? (
        <Skeleton rows={5} className="px-6 pt-4" />
      ) : (
        <Table>
          <thead>
            <tr>
              <th>Name</th>
              <th>API host</th>
              <th>State</th>
              <th>Last sync</th>
              <th>
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {connections.data.map((connection) => (
              <ConnectionRow
                key={connection.id}
                connection={connection}
                onEdit={() => setEditing(connection)}
                onRemove={() => setRemoving(connection)}
              />
            ))}
          </tbody>
        </Table>
      )}
      {onlyLocal && (
        <EmptyState icon={<Globe size={24} aria-hidden />} title="No provider is connected" action={add}>
          Add an OpenWhisk or DigitalOcean connection to invoke its functions from here, and to have its runs
          in the same log as the local ones.
        </EmptyState>
      )}
      {editing !== null && <ConnectionDialog connection={editing} onClose={() => setEditing(null)} />}
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={() => setRemoving(null)}
        title={`Remove ${removing?.name}?`}
        action="Remove"
        typed={removing?.environment === "production" ? removing.name : undefined}
        onConfirm={async () => {
          if (!removing) return;
          await api.removeConnection({ id: removing.id });
          if (chosen === removing.id) choose("local");
          await connections.refetch();
        }}
      >
        Its key is removed from the secret store. Nothing changes at the provider, and its runs stay in the
        log until their retention ends.
      </ConfirmDialog>
    </>
  );
}
