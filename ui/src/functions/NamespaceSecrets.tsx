import { useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, RotateCw, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { keys } from "@/api/keys";
import { api } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { NamespaceSecretDialog } from "./NamespaceSecretDialog";

interface NamespaceSecretsProps {
  connection: string;
  namespace: string;
  /** Makes the first. */
  create: ReactNode;
}

/** The names of a provider's secrets. Their values never come back. */
export function NamespaceSecrets({ connection, namespace, create }: NamespaceSecretsProps) {
  const client = useQueryClient();
  const queryKey = keys.namespaceSecrets(connection, namespace);
  const secrets = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.namespaceSecrets({ connection, namespace }, signal),
  });
  const [replacing, setReplacing] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<string | null>(null);

  if (secrets.data === undefined) {
    return secrets.isError ? (
      <ErrorState error={secrets.error} onRetry={() => void secrets.refetch()} />
    ) : (
      <Skeleton rows={3} className="px-6 pt-4" />
    );
  }
  if (secrets.data.length === 0) {
    return (
      <EmptyState icon={<KeyRound size={24} aria-hidden />} title="No secrets yet" action={create}>
        A function that names a secret finds its value in the file /var/openfaas/secrets/NAME.
      </EmptyState>
    );
  }
  return (
    <>
      <Table className="mt-2">
        <thead>
          <tr>
            <th>Name</th>
            <th>Value</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {secrets.data.map((name) => (
            <tr key={name} data-testid="namespace-secret">
              <td className="font-mono text-sm break-all select-text">{name}</td>
              <td className="text-muted">kept at the provider, never shown</td>
              <td className="w-0 text-right whitespace-nowrap">
                <IconButton
                  size="sm"
                  label={`Replace ${name}`}
                  icon={<RotateCw size={14} aria-hidden />}
                  onClick={() => setReplacing(name)}
                />
                <IconButton
                  size="sm"
                  label={`Delete ${name}`}
                  icon={<Trash2 size={14} aria-hidden />}
                  onClick={() => setDeleting(name)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {replacing !== null && (
        <NamespaceSecretDialog
          connection={connection}
          namespace={namespace}
          name={replacing}
          onClose={() => setReplacing(null)}
        />
      )}
      {deleting !== null && (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setDeleting(null)}
          title={`Delete the secret ${deleting}?`}
          action="Delete secret"
          typed={deleting}
          onConfirm={async () => {
            await api.deleteNamespaceSecret({
              connection,
              namespace,
              name: deleting,
              confirmation: deleting,
            });
            await client.invalidateQueries({ queryKey });
          }}
        >
          Its value cannot be had back. Functions that name it do not start again without it.
        </ConfirmDialog>
      )}
    </>
  );
}
