import { FileSearch, Globe, KeyRound, Plus } from "lucide-react";
import { Fragment, useState } from "react";
import { useAccounts, useConnections } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import type { Account, Connection } from "@/platform";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { AccessKeysDialog } from "./AccessKeysDialog";
import { AccountRow } from "./AccountRow";
import { ConnectionDialog } from "./ConnectionDialog";
import { ConnectionRow } from "./ConnectionRow";
import { DeleteAccountNamespace } from "./DeleteAccountNamespace";
import { byAccount } from "./keys";
import { NewAccountNamespaceDialog } from "./NewAccountNamespaceDialog";
import { RemoveAccount, RemoveConnection } from "./RemoveDialogs";
import { ReplaceTokenDialog } from "./ReplaceTokenDialog";

type Opened =
  | { what: "edit" | "keys" | "remove"; connection: Connection }
  | { what: "account" | "new-namespace" | "token"; account: Account; connections: readonly Connection[] }
  | { what: "delete-namespace"; account: Account; connection: Connection }
  | null;

export function ConnectionsPage() {
  const connections = useConnections({ live: true });
  // What is not known of accounts must not hide the connections.
  const accounts = useAccounts().data ?? [];
  const show = useShell((shell) => shell.show);
  const [opened, setOpened] = useState<Opened>(null);
  const close = () => setOpened(null);
  const onlyLocal = connections.data?.every(({ kind }) => kind === "local") && accounts.length === 0;

  return (
    <>
      <PageHeader
        title="Connections"
        description="The local engine, and the providers whose functions you invoke and follow from here."
        actions={
          !onlyLocal && (
            <Button
              variant="primary"
              icon={<Plus size={14} aria-hidden />}
              onClick={() => show({ type: "add-connection" })}
            >
              Add connection
            </Button>
          )
        }
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
              <th className="whitespace-nowrap max-[1000px]:hidden">Runs read</th>
              <th>
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {byAccount(connections.data, accounts).map(({ account, connections }) => (
              <Fragment key={account?.id ?? ""}>
                {account !== null && (
                  <AccountRow
                    account={account}
                    empty={connections.length === 0}
                    onNewNamespace={() => setOpened({ what: "new-namespace", account, connections })}
                    onReplaceToken={() => setOpened({ what: "token", account, connections })}
                    onRemove={() => setOpened({ what: "account", account, connections })}
                  />
                )}
                {connections.map((connection) => (
                  <ConnectionRow
                    key={connection.id}
                    connection={connection}
                    onEdit={() => setOpened({ what: "edit", connection })}
                    onKeys={() => setOpened({ what: "keys", connection })}
                    onRemove={() => setOpened({ what: "remove", connection })}
                    onDeleteNamespace={
                      account?.tokenKept && connection.accountNamespace !== null
                        ? () => setOpened({ what: "delete-namespace", account, connection })
                        : undefined
                    }
                  />
                ))}
              </Fragment>
            ))}
          </tbody>
        </Table>
      )}
      {onlyLocal && <NoProvider />}
      {opened?.what === "edit" && <ConnectionDialog connection={opened.connection} onClose={close} />}
      {opened?.what === "keys" && <AccessKeysDialog connection={opened.connection} onClose={close} />}
      {opened?.what === "remove" && <RemoveConnection connection={opened.connection} onClose={close} />}
      {opened?.what === "account" && (
        <RemoveAccount account={opened.account} connections={opened.connections} onClose={close} />
      )}
      {opened?.what === "new-namespace" && (
        <NewAccountNamespaceDialog
          account={opened.account}
          connections={opened.connections}
          onClose={close}
        />
      )}
      {opened?.what === "token" && <ReplaceTokenDialog account={opened.account} onClose={close} />}
      {opened?.what === "delete-namespace" && (
        <DeleteAccountNamespace account={opened.account} connection={opened.connection} onClose={close} />
      )}
    </>
  );
}

/** The ways to the first connection. */
function NoProvider() {
  const show = useShell((shell) => shell.show);
  return (
    <EmptyState
      icon={<Globe size={24} aria-hidden />}
      title="No provider is connected"
      action={
        <div className="-mx-16 flex flex-wrap justify-center gap-2">
          <Button
            variant="primary"
            icon={<Plus size={14} aria-hidden />}
            onClick={() => show({ type: "add-connection" })}
          >
            Add connection
          </Button>
          <Button
            icon={<KeyRound size={14} aria-hidden />}
            onClick={() => show({ type: "add-connection", way: "token" })}
          >
            Use an API token
          </Button>
          <Button
            icon={<FileSearch size={14} aria-hidden />}
            onClick={() => show({ type: "add-connection", way: "found" })}
          >
            Look on this machine
          </Button>
        </div>
      }
    >
      Connect OpenWhisk or DigitalOcean Functions to invoke their functions from here, and to have their runs
      in the same log as the local ones: with an API host and key, with an account’s API token, or with what{" "}
      <code>wsk</code> and <code>doctl</code> left on this machine.
    </EmptyState>
  );
}
