import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Ban, RotateCw } from "lucide-react";
import { useRef, useState } from "react";
import { keys } from "@/api/keys";
import { useShell } from "@/app/ui-state";
import { type AccessKeyView, api, type Connection, type NewAccessKeyView } from "@/platform";
import { explain } from "@/platform/errors";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { FormError } from "@/ui/Field";
import { formatDateTime } from "@/ui/format";
import { ShownOnce } from "@/ui/ShownOnce";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText, useNow } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { NewKeyForm } from "./NewKeyForm";

interface AccessKeysDialogProps {
  connection: Connection;
  onClose: () => void;
}

/** The access keys of a connection's namespace, whoever made them. */
export function AccessKeysDialog({ connection, onClose }: AccessKeysDialogProps) {
  const { id, name } = connection;
  const client = useQueryClient();
  const show = useShell((shell) => shell.show);
  const [made, setMade] = useState<NewAccessKeyView | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const [revoking, setRevoking] = useState<AccessKeyView | null>(null);
  const list = useQuery({
    queryKey: keys.accessKeys(id),
    queryFn: ({ signal }) => api.accessKeys({ connection: id }, signal),
    // Others make and revoke keys, too.
    staleTime: 0,
    retry: false,
  });
  const renew = useAttempt(async () => {
    await api.renewAccessKey({ connection: id });
    await client.invalidateQueries({ queryKey: keys.connections });
    await list.refetch();
    toast.success(`“${name}” has a new key`);
  });

  if (made !== null) {
    return (
      <ShownOnce
        title={`Access key “${made.key.name}”`}
        description={`Opens the namespace of ${name}. ${made.key.expires === null ? "It never expires." : `It expires on ${formatDateTime(made.key.expires)}.`}`}
        secret={made.credential}
        copyLabel="Copy key"
        note="Its secret is kept nowhere: neither here nor at DigitalOcean."
        onClose={() => setMade(null)}
      />
    );
  }

  const refused = list.isError && explain(list.error).code === "not_supported";
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      width="lg"
      title={`Access keys of ${name}`}
      description="What opens its namespace: for this Beckon, for a script, for a colleague."
      footer={<Button onClick={onClose}>Close</Button>}
    >
      {list.data !== undefined ? (
        <div ref={place} tabIndex={-1} className="outline-none">
          <KeyTable
            list={list.data}
            renewing={renew.busy}
            onRenew={() => void renew.run()}
            onRevoke={setRevoking}
          />
          {renew.error !== null && <FormError error={renew.error} className="mt-3" />}
          <NewKeyForm
            connection={id}
            onMade={(created) => {
              setMade(created);
              void list.refetch();
            }}
          />
        </div>
      ) : list.isError ? (
        <ErrorState
          error={list.error}
          onRetry={refused ? undefined : () => void list.refetch()}
          action={
            refused && (
              <Button
                variant="primary"
                onClick={() => {
                  onClose();
                  show({ type: "add-connection", way: "token" });
                }}
              >
                Use an API token…
              </Button>
            )
          }
        />
      ) : (
        <Skeleton rows={4} />
      )}
      <ConfirmDialog
        open={revoking !== null}
        onOpenChange={() => {
          setRevoking(null);
          // Its button goes with the key: the focus must not leave the dialog for what is behind it.
          setTimeout(() => {
            const dialog = place.current?.closest('[role="dialog"]');
            if (dialog && !dialog.contains(document.activeElement)) place.current?.focus();
          }, 200);
        }}
        title={`Revoke “${revoking?.name}”?`}
        action="Revoke"
        onConfirm={async () => {
          if (revoking === null) return;
          await api.revokeAccessKey({ connection: id, id: revoking.id });
          await list.refetch();
        }}
      >
        Whoever uses it is refused from this moment on. This cannot be undone; make a new key instead.
      </ConfirmDialog>
    </Dialog>
  );
}

interface KeyTableProps {
  list: readonly AccessKeyView[];
  renewing: boolean;
  onRenew: () => void;
  onRevoke: (key: AccessKeyView) => void;
}

function KeyTable({ list, renewing, onRenew, onRevoke }: KeyTableProps) {
  const now = useNow();
  if (list.length === 0) return <p className="text-muted">There is no access key.</p>;
  return (
    <ul aria-label="Access keys" className="divide-y divide-line rounded-lg border border-line">
      {list.map((key) => (
        <li key={key.id} className="flex items-center gap-3 py-2 pr-2 pl-3">
          <div className="min-w-0 flex-1">
            <p className="flex flex-wrap items-center gap-x-2">
              <span className="font-medium break-all">{key.name}</span>
              {key.ours && <Badge tone="info">Used by this connection</Badge>}
            </p>
            <p className="flex items-center gap-1">
              <span className="truncate font-mono text-xs text-subtle">{key.id}</span>
              <CopyButton text={key.id} label={`Copy the id of ${key.name}`} />
            </p>
          </div>
          <p className="w-28 shrink-0 text-sm text-muted">
            {key.created > 0 && (
              <>
                made <TimeText at={key.created} />
              </>
            )}
          </p>
          <p className="w-32 shrink-0 text-sm text-muted">
            {key.expires === null ? (
              "never expires"
            ) : (
              <>
                {key.expires <= now ? "expired" : "expires"} <TimeText at={key.expires} />
              </>
            )}
          </p>
          <div className="flex w-24 shrink-0 justify-end">
            {key.ours ? (
              <Button
                size="sm"
                icon={<RotateCw size={13} aria-hidden />}
                busy={renewing}
                onClick={onRenew}
                title="Makes a new key for this connection, and deletes this one"
              >
                Renew
              </Button>
            ) : (
              <Button
                size="sm"
                variant="danger-quiet"
                icon={<Ban size={13} aria-hidden />}
                onClick={() => onRevoke(key)}
                aria-label={`Revoke ${key.name}`}
              >
                Revoke
              </Button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
