import { Square } from "lucide-react";
import { api, type WorkerStatus } from "@/platform";
import { announce } from "@/ui/announce";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { formatBytes, formatCount } from "@/ui/format";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { Tooltip } from "@/ui/Tooltip";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { FunctionLink } from "./FunctionLink";
import { Nothing } from "./Part";
import { WORKER_STATE } from "./worker-state";

/** Where there is no room for it: *Stop* has to stay in sight, and its name has the process. */
const WIDE = "@max-4xl:hidden";

export function Workers({ workers }: { workers: readonly WorkerStatus[] }) {
  if (workers.length === 0) {
    return <Nothing>No worker is warm. The next run starts one, and it stays warm for a while.</Nothing>;
  }
  return (
    <div className="@container">
      <Table>
        <thead>
          <tr>
            <th>Function</th>
            <th>State</th>
            <th className={WIDE}>Version</th>
            <th className="text-right!">Memory</th>
            <th className="text-right!">Runs</th>
            <th>Started</th>
            <th className={cx("text-right!", WIDE)}>Process</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <WorkerRow key={worker.number} worker={worker} />
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function WorkerRow({ worker }: { worker: WorkerStatus }) {
  const { word, icon: Icon, tone, meaning } = WORKER_STATE[worker.state];
  return (
    <tr data-testid="worker-row">
      <td className="max-w-80 wrap-anywhere">
        <FunctionLink of={worker.function} />
      </td>
      <td>
        <Badge tone={tone} title={meaning} icon={<Icon size={13} aria-hidden />}>
          {word}
        </Badge>
      </td>
      <td className={cx("text-muted", WIDE)}>{worker.version}</td>
      <td className="text-right whitespace-nowrap">{formatBytes(worker.memory)}</td>
      <td className="text-right">{formatCount(worker.runs)}</td>
      <td className="whitespace-nowrap">
        <TimeText at={worker.started} />
        {worker.stem && (
          <span
            className="ml-2 text-sm text-subtle @max-4xl:ml-0 @max-4xl:block"
            title="Its interpreter was up before there was a run for it, so its start was short"
          >
            from a stem cell
          </span>
        )}
      </td>
      <td className={cx("text-right font-mono text-sm", WIDE)}>{worker.pid}</td>
      <td className="text-right">
        <StopButton worker={worker} />
      </td>
    </tr>
  );
}

/** Pressed once: it goes after its last run. Pressed again: now. */
function StopButton({ worker }: { worker: WorkerStatus }) {
  const { number, pid, state, function: of } = worker;
  const leaving = state === "draining";
  const stop = useAttempt(async () => {
    try {
      await api.stopWorker({ number, now: leaving });
      announce(leaving ? `Process ${pid} is ended` : `Process ${pid} goes after its last run`);
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  return (
    <Tooltip
      text={
        leaving
          ? "Ends it at once. What runs in it ends as crashed."
          : "It takes no more runs, and goes with the last one that it has. The next run starts another."
      }
    >
      <Button
        size="sm"
        variant={leaving ? "danger-quiet" : "secondary"}
        busy={stop.busy}
        icon={<Square size={12} aria-hidden />}
        onClick={() => void stop.run()}
        aria-label={`${leaving ? "Stop now" : "Stop"}: ${of.namespace}/${of.name}, process ${pid}`}
      >
        {leaving ? "Stop now" : "Stop"}
      </Button>
    </Tooltip>
  );
}
