import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keys } from "@/api/keys";
import { api, type Firing, type Schedule } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { formatDuration } from "@/ui/format";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";

/** What became of a schedule's times. */
export function ScheduleHistory({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const history = useQuery({
    queryKey: keys.scheduleHistory(schedule.id),
    queryFn: ({ signal }) => api.scheduleHistory({ id: schedule.id, limit: 200 }, signal),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`History of ${schedule.name}`}
      description="The newest 200 lines."
      width="lg"
    >
      {history.isError ? (
        <ErrorState error={history.error} onRetry={() => void history.refetch()} />
      ) : history.data === undefined ? (
        <Skeleton rows={5} />
      ) : history.data.length === 0 ? (
        <p className="py-6 text-center text-muted">Its first time has not come yet.</p>
      ) : (
        <ol className="divide-y divide-line">
          {history.data.map((firing, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity, and are replaced as a whole
            <li key={index} className="grid grid-cols-[120px_1fr] items-start gap-3 py-1.5">
              <TimeText at={firing.at} className="text-muted tabular-nums" />
              <Line firing={firing} onLeave={onClose} />
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  );
}

function Line({ firing, onLeave }: { firing: Firing; onLeave: () => void }) {
  switch (firing.outcome) {
    case "accepted":
      return (
        <span className="flex flex-wrap items-center gap-2">
          <Badge tone="ok">{firing.due === null ? "Run by hand" : "Ran"}</Badge>
          {firing.late && <span className="text-muted">makes up for a missed time</span>}
          <Link
            to="/activations"
            search={{ id: firing.activation }}
            className="link inline-flex min-h-6 items-center font-mono text-sm"
            onClick={onLeave}
          >
            {firing.activation.slice(0, 12)}…
          </Link>
        </span>
      );
    case "refused":
      return (
        <span className="flex flex-wrap items-center gap-2">
          <Badge tone="bad">Refused</Badge>
          <span className="break-words">{firing.message}</span>
        </span>
      );
    case "missed":
      return (
        <span className="flex flex-wrap items-center gap-2">
          <Badge tone="warn">Missed</Badge>
          <span>
            {firing.count === 1 ? "1 time" : `${firing.count} times`}
            {firing.made_up === 0 ? ", none made up for" : `, ${firing.made_up} made up for`}
          </span>
        </span>
      );
    case "clock_set_back":
      return (
        <span className="flex flex-wrap items-center gap-2">
          <Badge>Clock</Badge>
          <span>The machine's clock was set back by {formatDuration(firing.by)}; no time runs twice.</span>
        </span>
      );
  }
}
