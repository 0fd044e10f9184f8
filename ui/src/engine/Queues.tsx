import { useQueryClient } from "@tanstack/react-query";
import { CirclePause, CirclePlay, Eraser, MoreHorizontal, Pause, Play, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type FunctionRef, type QueueState } from "@/platform";
import { announce } from "@/ui/announce";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { formatCount } from "@/ui/format";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { FunctionLink } from "./FunctionLink";
import { Nothing } from "./Part";

export function Queues({ queues }: { queues: readonly QueueState[] }) {
  const [asked, setAsked] = useState<{ what: "clear" | "dismiss"; queue: QueueState } | null>(null);
  const name = asked === null ? "" : `${asked.queue.function.namespace}/${asked.queue.function.name}`;
  return (
    <>
      {queues.length === 0 ? (
        <Nothing>
          Nothing waits. Runs that are asked for asynchronously are kept here, on disk, until a worker takes
          them.
        </Nothing>
      ) : (
        <Table>
          <thead>
            <tr>
              <th>Function</th>
              <th>State</th>
              <th className="text-right!">Waiting</th>
              <th className="text-right!">Running</th>
              <th className="text-right!">To be retried</th>
              <th className="text-right!">Dead letters</th>
              <th>Oldest</th>
              <th>
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map((queue) => (
              <QueueRow
                key={`${queue.function.namespace}/${queue.function.name}`}
                queue={queue}
                onAsk={(what) => setAsked({ what, queue })}
              />
            ))}
          </tbody>
        </Table>
      )}
      <ConfirmDialog
        open={asked?.what === "clear"}
        onOpenChange={() => setAsked(null)}
        title={`Clear the queue of ${name}?`}
        action="Clear queue"
        onConfirm={async () => {
          if (asked === null) return;
          const count = await api.clearQueue({ function: refOf(asked.queue) });
          toast.success(count === 1 ? "1 run is cancelled" : `${formatCount(count)} runs are cancelled`);
        }}
      >
        Every run that waits for a worker or for its next attempt is cancelled. Each keeps its record; what
        runs now goes on. This cannot be undone.
      </ConfirmDialog>
      <ConfirmDialog
        open={asked?.what === "dismiss"}
        onOpenChange={() => setAsked(null)}
        title={`Dismiss all dead letters of ${name}?`}
        action="Dismiss all"
        onConfirm={async () => {
          if (asked !== null) await api.dismissDeadLetters({ function: refOf(asked.queue) });
        }}
      >
        They leave the list and are not run again. Their records stay in Activations.
      </ConfirmDialog>
    </>
  );
}

function refOf({ function: { namespace, name } }: QueueState): FunctionRef {
  return { connection: "local", namespace, name };
}

function QueueRow({ queue, onAsk }: { queue: QueueState; onAsk: (what: "clear" | "dismiss") => void }) {
  const client = useQueryClient();
  const { waiting, running, delayed, dead, paused, oldest, nextAttempt } = queue;
  const name = `${queue.function.namespace}/${queue.function.name}`;
  const toggle = useAttempt(async () => {
    try {
      const target = { function: refOf(queue) };
      await (paused === null ? api.pauseQueue(target) : api.resumeQueue(target));
      announce(paused === null ? `The queue of ${name} is paused` : `The queue of ${name} goes on`);
      await client.invalidateQueries({ queryKey: keys.queues });
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  const retryAll = async () => {
    try {
      const count = await api.retryDeadLetters({ function: refOf(queue) });
      announce(count === 1 ? "1 run is queued again" : `${count} runs are queued again`);
    } catch (thrown) {
      toast.failure(thrown);
    }
  };
  return (
    <tr data-testid="queue-row">
      <td className="max-w-80 break-words">
        <FunctionLink of={queue.function} />
      </td>
      <td>
        {paused === null ? (
          <Badge icon={<CirclePlay size={13} aria-hidden />}>Open</Badge>
        ) : (
          <span className="flex items-center gap-2">
            <Badge tone="warn" icon={<CirclePause size={13} aria-hidden />}>
              Paused
            </Badge>
            <TimeText at={paused} className="text-sm text-subtle" />
          </span>
        )}
      </td>
      <td className="text-right">{formatCount(waiting)}</td>
      <td className="text-right">{formatCount(running)}</td>
      <td className="text-right whitespace-nowrap">
        {formatCount(delayed)}
        {nextAttempt !== null && (
          <span className="ml-1.5 text-sm text-subtle">
            next <TimeText at={nextAttempt} />
          </span>
        )}
      </td>
      <td className="text-right">
        <span className={dead > 0 ? "font-medium text-bad" : undefined}>{formatCount(dead)}</span>
      </td>
      <td className="whitespace-nowrap">
        {oldest === null ? <span className="text-subtle">–</span> : <TimeText at={oldest} />}
      </td>
      <td>
        <div className="flex items-center justify-end gap-1">
          <Button
            size="sm"
            busy={toggle.busy}
            icon={paused === null ? <Pause size={13} aria-hidden /> : <Play size={13} aria-hidden />}
            onClick={() => void toggle.run()}
            aria-label={`${paused === null ? "Pause" : "Resume"} the queue of ${name}`}
          >
            {paused === null ? "Pause" : "Resume"}
          </Button>
          <Menu
            align="end"
            label={`Queue of ${name}`}
            trigger={
              <IconButton
                size="sm"
                label={`More for the queue of ${name}`}
                icon={<MoreHorizontal size={15} aria-hidden />}
              />
            }
            items={[
              {
                label: "Retry dead letters",
                icon: <RotateCw size={14} aria-hidden />,
                disabled: dead === 0,
                onSelect: () => void retryAll(),
              },
              {
                label: "Dismiss dead letters…",
                icon: <Eraser size={14} aria-hidden />,
                disabled: dead === 0,
                onSelect: () => onAsk("dismiss"),
              },
              "separator",
              {
                label: "Clear queue…",
                icon: <Trash2 size={14} aria-hidden />,
                danger: true,
                disabled: waiting + delayed === 0,
                onSelect: () => onAsk("clear"),
              },
            ]}
          />
        </div>
      </td>
    </tr>
  );
}
