import { useNavigate } from "@tanstack/react-router";
import { CircleCheck, TriangleAlert, Zap } from "lucide-react";
import { useState } from "react";
import { EnvironmentMark } from "@/app/environment";
import { useShell } from "@/app/ui-state";
import { api, type Connection, type EventTriggerView, type Fired } from "@/platform";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { FormError } from "@/ui/Field";
import { inputProblem } from "@/ui/json";
import { useAttempt } from "@/ui/useAttempt";
import { JsonField } from "./JsonField";
import { plural } from "./text";

interface FireDialogProps {
  connection: Connection;
  trigger: EventTriggerView;
  onClose: () => void;
}

/** Fires a trigger with an input, and tells what came of it. */
export function FireDialog({ connection, trigger, onClose }: FireDialogProps) {
  const navigate = useNavigate();
  const show = useShell((shell) => shell.show);
  const [input, setInput] = useState("{}");
  const [fired, setFired] = useState<Fired | null>(null);
  const production = connection.environment === "production";
  const active = trigger.rules.filter((rule) => rule.active);
  const problem = inputProblem(input);

  const fire = useAttempt(async () => {
    setFired(null);
    const { namespace, name } = trigger;
    setFired(await api.fireTrigger({ connection: connection.id, namespace, name, input }));
  });
  const open = useAttempt(async (id: string) => {
    // A provider's record is in the journal only once it was read from there.
    if (connection.kind !== "local") await api.syncConnection({ id: connection.id });
    onClose();
    await navigate({ to: "/activations", search: { id } });
  });
  const run = () => {
    if (problem === null) void fire.run();
  };

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && !fire.busy && onClose()}
      title={`Fire ${trigger.name}`}
      description={
        active.length === 0
          ? "No active rule joins it: nothing would be called."
          : `Calls ${active.map(({ action }) => action.name).join(", ")}, asynchronously.`
      }
      width="md"
      footer={
        <>
          {production && <EnvironmentMark environment="production" className="mr-auto" />}
          <Button onClick={onClose} disabled={fire.busy}>
            Close
          </Button>
          <Button
            variant={production ? "danger" : "primary"}
            icon={<Zap size={14} aria-hidden />}
            busy={fire.busy}
            disabled={problem !== null}
            onClick={run}
          >
            {production ? "Fire in production" : "Fire trigger"}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-2">
        <JsonField
          label="Input"
          hint={
            trigger.parameters.length === 0
              ? "A JSON object."
              : `A JSON object. Added to the trigger's ${plural(trigger.parameters.length, "parameter")}, and wins over ${trigger.parameters.length === 1 ? "it" : "them"}.`
          }
          value={input}
          onChange={setInput}
          error={problem && `${problem.message} (line ${problem.line}, column ${problem.column}).`}
          onSubmit={run}
          autoFocus
        />
        {fire.error !== null && <FormError error={fire.error} />}
        <div role="status" className="empty:hidden">
          {fired?.activation != null && (
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md bg-ok-soft px-3 py-2">
              <CircleCheck size={16} className="shrink-0 text-ok" aria-hidden />
              <p className="min-w-0 flex-1">
                <span className="font-medium">Fired.</span>{" "}
                <code className="break-all">{fired.activation}</code>
                <CopyButton text={fired.activation} label="Copy activation id" className="align-middle" />
              </p>
              <Button busy={open.busy} onClick={() => void open.run(fired.activation ?? "")}>
                View activation
              </Button>
            </div>
          )}
          {fired !== null && fired.activation === null && (
            <div className="flex flex-wrap items-center gap-3 rounded-md bg-warn-soft px-3 py-2">
              <TriangleAlert size={16} className="shrink-0 text-warn" aria-hidden />
              <p className="min-w-0 flex-1">
                <span className="font-medium">Nothing was called:</span> no active rule joins this trigger.
              </p>
              <Button
                onClick={() => {
                  onClose();
                  show({
                    type: "new-entity",
                    collection: "rules",
                    connection: connection.id,
                    namespace: trigger.namespace,
                    trigger: trigger.name,
                  });
                }}
              >
                New rule
              </Button>
            </div>
          )}
        </div>
        {open.error !== null && <FormError error={open.error} />}
      </div>
    </Dialog>
  );
}
