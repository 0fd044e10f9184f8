import { useQueryClient } from "@tanstack/react-query";
import { CalendarClock, Pencil, RadioTower, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { keys } from "@/api/keys";
import { useSpaceTriggers } from "@/api/queries";
import { ProductionWarning } from "@/app/environment";
import { Nothing } from "@/entities/cells";
import { api, type Connection, type SpaceTrigger } from "@/platform";
import { Badge } from "@/ui/Badge";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { toast } from "@/ui/toast";
import { SpaceTriggerDialog } from "./SpaceTriggerDialog";
import { brokerText, kindName, STATUS, shortUrl, sourceParts, triggerName } from "./space-words";

interface SpaceTriggersTabProps {
  connection: Connection;
  namespace: string;
  /** Makes the first. */
  create: ReactNode;
}

/** What calls functions of a space that ask for it in their options: Spaces' triggers. */
export function SpaceTriggersTab({ connection, namespace, create }: SpaceTriggersTabProps) {
  const triggers = useSpaceTriggers(connection.id, namespace);
  const [open, setOpen] = useState<{ type: "edit" | "delete"; id: string } | null>(null);
  const chosen = triggers.data?.find(({ id }) => id === open?.id);
  const close = () => setOpen(null);

  if (triggers.data === undefined) {
    return triggers.isError ? (
      <ErrorState error={triggers.error} onRetry={() => void triggers.refetch()} />
    ) : (
      <Skeleton rows={3} className="px-6 pt-4" />
    );
  }
  if (triggers.data.length === 0) {
    return (
      <EmptyState icon={<RadioTower size={24} aria-hidden />} title="No triggers yet" action={create}>
        A trigger calls functions of this space by the clock, or for each message of an MQTT or RabbitMQ
        broker. Which functions it calls, their settings say.
      </EmptyState>
    );
  }
  return (
    <>
      <Table aria-label="Triggers">
        <thead>
          <tr>
            <th>Trigger</th>
            <th>Listens to</th>
            <th>Status</th>
            <th className="max-lg:hidden">Calls back</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {triggers.data.map((trigger) => (
            <tr key={trigger.id} data-testid="space-trigger-row" className="align-top">
              <KindCell trigger={trigger} />
              <SourceCell trigger={trigger} />
              <StatusCell trigger={trigger} />
              <td className="max-w-60 py-2.5 max-lg:hidden">
                {trigger.callbackUrl === null ? (
                  <Nothing />
                ) : (
                  <code className="block truncate" title={shortUrl(trigger.callbackUrl)}>
                    {shortUrl(trigger.callbackUrl)}
                  </code>
                )}
              </td>
              <td className="w-px py-1">
                <span className="flex items-center justify-end gap-1">
                  {trigger.source.type !== "other" && (
                    <IconButton
                      label={`Change ${triggerName(trigger)}`}
                      icon={<Pencil size={14} aria-hidden />}
                      onClick={() => setOpen({ type: "edit", id: trigger.id })}
                    />
                  )}
                  <IconButton
                    label={`Delete ${triggerName(trigger)}`}
                    icon={<Trash2 size={14} aria-hidden />}
                    onClick={() => setOpen({ type: "delete", id: trigger.id })}
                  />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {open?.type === "edit" && chosen !== undefined && (
        <SpaceTriggerDialog connection={connection.id} namespace={namespace} old={chosen} onClose={close} />
      )}
      {open?.type === "delete" && chosen !== undefined && (
        <DeleteSpaceTrigger connection={connection} namespace={namespace} trigger={chosen} onClose={close} />
      )}
    </>
  );
}

function KindCell({ trigger: { source, description } }: { trigger: SpaceTrigger }) {
  return (
    <td className="max-w-60 py-2.5">
      <span className="flex items-center gap-2">
        <span className="shrink-0 text-subtle">
          {source.type === "cron" ? (
            <CalendarClock size={14} aria-hidden />
          ) : (
            <RadioTower size={14} aria-hidden />
          )}
        </span>
        <span className="min-w-0 truncate font-medium">{kindName(source)}</span>
      </span>
      {description !== "" && (
        <span className="block truncate pl-5.5 text-sm text-muted" title={description}>
          {description}
        </span>
      )}
    </td>
  );
}

function SourceCell({ trigger: { source } }: { trigger: SpaceTrigger }) {
  if (source.type === "cron") return <td className="py-2.5 text-muted">The schedules of functions</td>;
  if (source.type === "other") {
    return <td className="py-2.5 text-muted">Something that Beckon does not know</td>;
  }
  return (
    <td className="max-w-100 py-2.5">
      <span className="flex flex-wrap gap-x-3">
        {sourceParts(source).map(({ label, names }) =>
          names.map((name, at) => (
            <span key={name} className="min-w-0 break-all">
              {label !== "" && at === 0 && <span className="text-muted">{label} </span>}
              <code>{name}</code>
            </span>
          )),
        )}
      </span>
      <span className="block text-sm break-all text-muted">{brokerText(source.broker)}</span>
    </td>
  );
}

function StatusCell({ trigger: { status, errorMessage } }: { trigger: SpaceTrigger }) {
  const { word, tone, icon: Icon, means } = STATUS[status];
  return (
    <td className="max-w-80 py-2.5">
      <Badge tone={tone} icon={<Icon size={13} aria-hidden />} title={means}>
        {word}
      </Badge>
      {errorMessage !== null && <p className="mt-1 text-sm break-words select-text">{errorMessage}</p>}
    </td>
  );
}

interface DeleteSpaceTriggerProps {
  connection: Connection;
  namespace: string;
  trigger: SpaceTrigger;
  onClose: () => void;
}

function DeleteSpaceTrigger({ connection, namespace, trigger, onClose }: DeleteSpaceTriggerProps) {
  const client = useQueryClient();
  const { source, id } = trigger;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the ${triggerName(trigger)}?`}
      action="Delete trigger"
      typed={connection.environment === "production" ? kindName(source) : undefined}
      onConfirm={async () => {
        try {
          await api.deleteSpaceTrigger({ connection: connection.id, namespace, id });
          toast.success("Trigger deleted");
        } finally {
          // A refusal, too, may come from what is not shown yet.
          await client.invalidateQueries({ queryKey: keys.spaceTriggers(connection.id, namespace) });
        }
      }}
    >
      <ProductionWarning connection={connection} />
      {source.type === "cron"
        ? "Functions of this space are no longer called by the clock; they keep their schedules."
        : "Functions of this space are no longer called for its messages; they keep their topics."}{" "}
      This cannot be undone.
    </ConfirmDialog>
  );
}
