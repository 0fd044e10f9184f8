import { Zap } from "lucide-react";
import type { ReactNode } from "react";
import type { Connection, EventTriggerView } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { EmptyState } from "@/ui/EmptyState";
import { NameCell, Nothing, ParametersCell, UpdatedCell } from "./cells";
import { DeleteEntityDialog } from "./DeleteEntityDialog";
import { EntityTable } from "./EntityTable";
import { EventTriggerDialog } from "./EventTriggerDialog";
import { FireDialog } from "./FireDialog";
import { plural } from "./text";

interface EventTriggersTabProps {
  connection: Connection;
  namespace: string;
  triggers: readonly EventTriggerView[];
  create: ReactNode;
}

export function EventTriggersTab({ connection, namespace, triggers, create }: EventTriggersTabProps) {
  if (triggers.length === 0) {
    return (
      <EmptyState icon={<Zap size={24} aria-hidden />} title="No triggers yet" action={create}>
        A trigger is a named event: firing it calls every function that an active rule joins to it.
        {connection.kind === "local" && " Schedules and NATS messages are on the page of their function."}
      </EmptyState>
    );
  }
  return (
    <EntityTable
      label="Triggers"
      row="trigger-row"
      all={triggers}
      heads={
        <>
          <th>Name</th>
          <th>Rules</th>
          <th>Parameters</th>
          <th className="max-lg:hidden">Feed</th>
          <th className="max-lg:hidden">Version</th>
          <th className="max-lg:hidden">Updated</th>
        </>
      }
      cells={(each) => (
        <>
          <NameCell icon={<Zap size={14} aria-hidden />} name={each.name} annotations={each.annotations} />
          <td>
            <Joined trigger={each} />
          </td>
          <ParametersCell parameters={each.parameters} />
          <td className="max-w-60 max-lg:hidden">
            {each.feed === null ? (
              <Nothing />
            ) : (
              <code className="block truncate" title={each.feed}>
                {each.feed}
              </code>
            )}
          </td>
          <td className="font-mono text-sm max-lg:hidden">{each.version}</td>
          <UpdatedCell at={each.updated} />
        </>
      )}
      before={({ name }, open) => (
        <Button
          size="sm"
          icon={<Zap size={12} aria-hidden />}
          aria-label={`Fire ${name}`}
          onClick={() => open("fire")}
        >
          Fire…
        </Button>
      )}
      dialog={(type, of, onClose) => {
        if (type === "fire") return <FireDialog connection={connection} trigger={of} onClose={onClose} />;
        if (type === "edit") {
          return (
            <EventTriggerDialog connection={connection.id} namespace={namespace} old={of} onClose={onClose} />
          );
        }
        return (
          <DeleteEntityDialog
            connection={connection}
            namespace={namespace}
            collection="triggers"
            name={of.name}
            onClose={onClose}
          >
            {of.rules.length === 0
              ? "No rule joins it."
              : `The ${plural(of.rules.length, "rule")} that ${of.rules.length === 1 ? "joins it stays and does" : "join it stay and do"} nothing any more.`}
            {of.feed !== null &&
              ` Its feed ${of.feed} is not told: what it watches for this trigger goes on elsewhere.`}
          </DeleteEntityDialog>
        );
      }}
    />
  );
}

function Joined({ trigger }: { trigger: EventTriggerView }) {
  if (trigger.rules.length === 0) return <Badge title="Firing it calls nothing">No rule</Badge>;
  return (
    <span className="flex flex-wrap gap-x-3">
      {trigger.rules.map(({ name, action, active }) => (
        <span
          key={name}
          className={cx(!active && "text-subtle")}
          title={`${active ? "Calls" : "Inactive; would call"} ${action.name}`}
        >
          {name}
          {!active && " (off)"}
        </span>
      ))}
    </span>
  );
}
