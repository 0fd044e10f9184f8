import { ArrowRight, Workflow, Zap } from "lucide-react";
import type { ReactNode } from "react";
import { keys } from "@/api/keys";
import { useFunctions } from "@/api/queries";
import { api, type Connection, type Entities, type RuleView } from "@/platform";
import { EmptyState } from "@/ui/EmptyState";
import { Missing, NameCell, UpdatedCell } from "./cells";
import { DeleteEntityDialog } from "./DeleteEntityDialog";
import { EntityTable } from "./EntityTable";
import { FunctionName } from "./FunctionName";
import { RuleDialog } from "./RuleDialog";
import { SwitchCell } from "./SwitchCell";

interface RulesTabProps {
  connection: Connection;
  namespace: string;
  entities: Entities;
  create: ReactNode;
}

export function RulesTab({ connection, namespace, entities, create }: RulesTabProps) {
  const { rules, triggers, packages } = entities;
  const functions = useFunctions(connection.id).data;

  function missing({ trigger, action }: RuleView): string | null {
    if (trigger.namespace === namespace && !triggers.some(({ name }) => name === trigger.name)) {
      return "No trigger";
    }
    // What is elsewhere cannot be seen from here.
    if (action.namespace !== namespace || functions === undefined) return null;
    const [first, second] = action.name.split("/");
    const there =
      functions.some((f) => f.namespace === namespace && f.name === action.name) ||
      packages.some((each) => each.name === first && each.functions.some(({ name }) => name === second));
    return there ? null : "No function";
  }

  if (rules.length === 0) {
    return (
      <EmptyState icon={<Workflow size={24} aria-hidden />} title="No rules yet" action={create}>
        A rule joins a trigger to a function, which is called whenever the trigger is fired.
      </EmptyState>
    );
  }
  return (
    <EntityTable
      label="Rules"
      row="rule-row"
      all={rules}
      heads={
        <>
          <th>Name</th>
          <th>When fired, call</th>
          <th>Active</th>
          <th className="max-lg:hidden">Version</th>
          <th className="max-lg:hidden">Updated</th>
        </>
      }
      cells={(each) => {
        const lacks = missing(each);
        return (
          <>
            <NameCell
              icon={<Workflow size={14} aria-hidden />}
              name={each.name}
              annotations={each.annotations}
            />
            <td>
              <span className="flex flex-wrap items-center gap-x-2">
                <span className="inline-flex items-center gap-1.5">
                  <Zap size={13} className="shrink-0 text-subtle" aria-hidden />
                  {each.trigger.name}
                </span>
                <ArrowRight size={14} className="shrink-0 text-subtle" aria-label="calls" />
                <FunctionName connection={connection.id} within={namespace} of={each.action} />
                {lacks !== null && <Missing what={lacks} says="the rule does nothing" />}
              </span>
            </td>
            <SwitchCell
              label={`${each.name} is active`}
              on={each.active}
              onSwitch={(active) =>
                api.setRuleActive({ connection: connection.id, namespace, name: each.name, active })
              }
              changes={keys.entities(connection.id, namespace)}
            />
            <td className="font-mono text-sm max-lg:hidden">{each.version}</td>
            <UpdatedCell at={each.updated} />
          </>
        );
      }}
      dialog={(type, of, onClose) =>
        type === "edit" ? (
          <RuleDialog connection={connection.id} namespace={namespace} old={of} onClose={onClose} />
        ) : (
          <DeleteEntityDialog
            connection={connection}
            namespace={namespace}
            collection="rules"
            name={of.name}
            onClose={onClose}
          >
            {`${of.trigger.name} no longer calls ${of.action.name}. Both stay.`}
          </DeleteEntityDialog>
        )
      }
    />
  );
}
