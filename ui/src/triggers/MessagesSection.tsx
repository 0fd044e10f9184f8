import { useQueryClient } from "@tanstack/react-query";
import { CircleAlert, Pause, Pencil, Play, Plus, RadioTower, Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useTriggers } from "@/api/queries";
import { api, type FunctionRef, type Trigger } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { Problem } from "./Problem";
import { TriggerDialog } from "./TriggerDialog";
import { countsText, sourceParts, triggerState, whatStays } from "./trigger-state";

type Open = { type: "edit" | "delete"; trigger: Trigger } | { type: "new" } | null;

export function MessagesSection({ target }: { target: FunctionRef }) {
  const client = useQueryClient();
  const triggers = useTriggers(target);
  const [open, setOpen] = useState<Open>(null);
  const refresh = () => client.invalidateQueries({ queryKey: keys.triggersAll });
  const create = (
    <Button icon={<Plus size={14} aria-hidden />} onClick={() => setOpen({ type: "new" })}>
      New message trigger
    </Button>
  );

  async function setPaused(trigger: Trigger, paused: boolean) {
    try {
      await (paused ? api.pauseTrigger({ id: trigger.id }) : api.resumeTrigger({ id: trigger.id }));
    } catch (thrown) {
      toast.failure(thrown);
    } finally {
      await refresh();
    }
  }

  return (
    <Section
      title="Messages"
      description="Calls the function for each message; one whose call fails is tried three times."
      actions={triggers.data && triggers.data.length > 0 ? create : undefined}
    >
      {triggers.isError ? (
        <ErrorState error={triggers.error} onRetry={() => void triggers.refetch()} />
      ) : triggers.data === undefined ? (
        <Skeleton rows={3} />
      ) : triggers.data.length === 0 ? (
        <EmptyState
          compact
          icon={<RadioTower size={24} aria-hidden />}
          title="It listens to no broker"
          action={create}
        >
          A trigger needs a NATS, MQTT or RabbitMQ server that this machine reaches.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {triggers.data.map((trigger) => (
            <li key={trigger.id} className="px-3 py-2.5" data-testid="trigger">
              <div className="flex items-start gap-3">
                <div className="min-w-0 flex-1">
                  <Facts trigger={trigger} />
                </div>
                <div className="flex items-center gap-1">
                  <Button
                    size="sm"
                    icon={trigger.paused ? <Play size={12} aria-hidden /> : <Pause size={12} aria-hidden />}
                    aria-label={`${trigger.paused ? "Resume" : "Pause"} ${trigger.name}`}
                    onClick={() => void setPaused(trigger, !trigger.paused)}
                  >
                    {trigger.paused ? "Resume" : "Pause"}
                  </Button>
                  <IconButton
                    label={`Change ${trigger.name}`}
                    icon={<Pencil size={14} aria-hidden />}
                    onClick={() => setOpen({ type: "edit", trigger })}
                  />
                  <IconButton
                    label={`Delete ${trigger.name}`}
                    icon={<Trash2 size={14} aria-hidden />}
                    onClick={() => setOpen({ type: "delete", trigger })}
                  />
                </div>
              </div>
              {trigger.lastError !== null && trigger.lastError.message !== triggerState(trigger).message && (
                <Problem noted={trigger.lastError} />
              )}
            </li>
          ))}
        </ul>
      )}
      {(open?.type === "new" || open?.type === "edit") && (
        <TriggerDialog
          target={target}
          trigger={open.type === "edit" ? open.trigger : null}
          onSaved={refresh}
          onClose={() => setOpen(null)}
        />
      )}
      <ConfirmDialog
        open={open?.type === "delete"}
        onOpenChange={() => setOpen(null)}
        title={open?.type === "delete" ? `Delete the trigger ${open.trigger.name}?` : ""}
        action="Delete trigger"
        onConfirm={async () => {
          if (open?.type === "delete") await api.deleteTrigger({ id: open.trigger.id });
          await refresh();
        }}
      >
        {open?.type === "delete" && whatStays(open.trigger)} Messages that it took already are still dealt
        with.
      </ConfirmDialog>
    </Section>
  );
}

function Facts({ trigger }: { trigger: Trigger }) {
  const shown = triggerState(trigger);
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{trigger.name}</span>
        <Badge tone={shown.tone}>{shown.text}</Badge>
      </p>
      <p className="break-all text-muted">
        {sourceParts(trigger.subscription).map(({ label, names }) => (
          <span key={label}>
            {label}{" "}
            {names.map((name) => (
              <code key={name} className="mr-1.5">
                {name}
              </code>
            ))}
          </span>
        ))}
        at <code>{trigger.server}</code>
      </p>
      <p className="flex flex-wrap gap-x-3 text-sm text-muted tabular-nums">
        <span title="Since Beckon started">{countsText(trigger.counts)}</span>
        {trigger.counts.lastMessage !== null && (
          <span>
            Last message <TimeText at={trigger.counts.lastMessage} />
          </span>
        )}
      </p>
      {shown.message !== undefined && (
        <p className="mt-1 flex items-start gap-1.5 text-sm">
          <CircleAlert size={13} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          <span className="break-words">
            {shown.message}
            {shown.retryAt !== undefined && (
              <>
                {" "}
                Next attempt <TimeText at={shown.retryAt} />.
              </>
            )}
          </span>
        </p>
      )}
    </>
  );
}
