import { CalendarClock } from "lucide-react";
import type { ReactNode } from "react";
import { keys } from "@/api/keys";
import { useFunctions, useScheduledTriggers } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import { api, type Connection, type ScheduledTriggerView } from "@/platform";
import { explain } from "@/platform/errors";
import { CronWords } from "@/triggers/CronWords";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";
import { Missing, NameCell, Nothing } from "./cells";
import { DeleteEntityDialog } from "./DeleteEntityDialog";
import { EntityTable } from "./EntityTable";
import { FunctionName } from "./FunctionName";
import { ScheduledTriggerDialog } from "./ScheduledTriggerDialog";
import { SwitchCell } from "./SwitchCell";

interface ScheduledTriggersTabProps {
  connection: Connection;
  namespace: string;
  create: ReactNode;
}

/** What calls functions of an account's namespace by the clock: the provider's own, so they run while Beckon does not. */
export function ScheduledTriggersTab({ connection, namespace, create }: ScheduledTriggersTabProps) {
  const triggers = useScheduledTriggers(connection.id, { live: true });
  const show = useShell((shell) => shell.show);

  if (triggers.data === undefined) {
    if (!triggers.isError) return <Skeleton rows={6} className="px-6 pt-4" />;
    const refused = explain(triggers.error).code === "not_supported";
    return (
      <ErrorState
        error={triggers.error}
        onRetry={refused ? undefined : () => void triggers.refetch()}
        action={
          refused && (
            <Button variant="primary" onClick={() => show({ type: "add-connection", way: "token" })}>
              Use an API token…
            </Button>
          )
        }
      />
    );
  }
  if (triggers.data.length === 0) {
    return (
      <EmptyState
        icon={<CalendarClock size={24} aria-hidden />}
        title="Nothing runs by the clock yet"
        action={create}
      >
        A schedule is a cron expression in UTC that calls a function. DigitalOcean keeps it, so it fires while
        Beckon is closed, too.
      </EmptyState>
    );
  }
  return <ScheduleTable connection={connection} namespace={namespace} triggers={triggers.data} />;
}

interface ScheduleTableProps {
  connection: Connection;
  namespace: string;
  triggers: readonly ScheduledTriggerView[];
}

function ScheduleTable({ connection, namespace, triggers }: ScheduleTableProps) {
  const functions = useFunctions(connection.id).data;
  const there = (name: string) =>
    functions === undefined || functions.some((f) => f.namespace === namespace && f.name === name);

  return (
    <EntityTable
      label="Schedules"
      row="scheduled-trigger-row"
      all={triggers}
      heads={
        <>
          <th>Name</th>
          <th>Function</th>
          <th>When, in UTC</th>
          <th>Next run</th>
          <th className="max-lg:hidden">Last run</th>
          <th>On</th>
        </>
      }
      cells={(each) => (
        <>
          <NameCell icon={<CalendarClock size={14} aria-hidden />} name={each.name} />
          <td>
            <span className="flex flex-wrap items-center gap-x-2">
              <FunctionName
                connection={connection.id}
                within={namespace}
                of={{ namespace, name: each.function }}
              />
              {!there(each.function) && <Missing what="No function" says="the schedule calls nothing" />}
            </span>
          </td>
          <td className="py-1.5">
            <code className="whitespace-nowrap">{each.cron}</code>
            <CronWords cron={each.cron} />
          </td>
          <td className="whitespace-nowrap">
            {each.nextRun === null || !each.enabled ? <Nothing /> : <TimeText at={each.nextRun} />}
          </td>
          <td className="whitespace-nowrap max-lg:hidden">
            {each.lastRun === null ? (
              <span className="text-subtle">Not yet</span>
            ) : (
              <TimeText at={each.lastRun} />
            )}
          </td>
          <SwitchCell
            label={`${each.name} is on`}
            on={each.enabled}
            onSwitch={(enabled) =>
              api.enableScheduledTrigger({ connection: connection.id, name: each.name, enabled })
            }
            changes={keys.scheduledTriggers(connection.id)}
          />
        </>
      )}
      dialog={(type, of, onClose) =>
        type === "edit" ? (
          <ScheduledTriggerDialog
            connection={connection.id}
            namespace={namespace}
            old={of}
            onClose={onClose}
          />
        ) : (
          <DeleteEntityDialog
            connection={connection}
            namespace={namespace}
            collection="schedules"
            name={of.name}
            onClose={onClose}
          >
            It no longer calls {of.function}. The function and its runs stay.
          </DeleteEntityDialog>
        )
      }
    />
  );
}
