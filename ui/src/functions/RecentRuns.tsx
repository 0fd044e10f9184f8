import { Link } from "@tanstack/react-router";
import { useRecentRuns } from "@/api/queries";
import type { ActivationSummary, FunctionRef, Status } from "@/platform";
import { Badge } from "@/ui/Badge";
import { cx } from "@/ui/cx";
import { ErrorState } from "@/ui/ErrorState";
import { formatDuration } from "@/ui/format";
import { Skeleton } from "@/ui/Skeleton";
import { STATUS, StatusText } from "@/ui/StatusBadge";
import { TimeText } from "@/ui/TimeText";

const COUNT = 20;
const LISTED = 6;

const BAR: Record<Status, string> = {
  queued: "var(--bar-pending)",
  running: "var(--bar-pending)",
  polling: "var(--bar-pending)",
  success: "var(--bar-success)",
  application_error: "var(--bar-application)",
  developer_error: "var(--bar-developer)",
  internal_error: "var(--bar-system)",
  timed_out: "var(--bar-developer)",
  cancelled: "var(--bar-pending)",
  lost: "var(--bar-system)",
};

/** The last 20 runs: bars as long as they took, oldest first, and the newest as rows. */
export function RecentRuns({ target }: { target: FunctionRef }) {
  const runs = useRecentRuns(target, COUNT);
  if (runs.isError && !runs.data)
    return <ErrorState error={runs.error} onRetry={() => void runs.refetch()} />;
  if (!runs.data) return <Skeleton rows={4} />;
  if (runs.data.length === 0) {
    return (
      <p className="text-muted">
        None yet.{" "}
        <Link from="/c/$connection/ns/$namespace/fn/$" to="." search={{ tab: "invoke" }} className="link">
          Invoke it
        </Link>{" "}
        and the run appears here.
      </p>
    );
  }
  const speaksHttp = runs.data.some(({ httpStatus }) => httpStatus !== null);
  return (
    <div className="grid items-start gap-x-8 gap-y-3 lg:grid-cols-[auto_1fr]">
      <Bars runs={runs.data} />
      <ul className="min-w-0">
        {runs.data.slice(0, LISTED).map((run) => (
          <li key={run.id}>
            <Link
              to="/activations"
              search={{ id: run.id }}
              className="flex h-7 items-center gap-4 rounded-md px-2 hover:bg-hover"
            >
              <StatusText status={run.status} className="w-36 shrink-0" />
              {speaksHttp && (
                <span className="w-8 shrink-0 text-sm text-muted" title="HTTP status">
                  {run.httpStatus}
                </span>
              )}
              <span className="w-16 shrink-0 text-right">{formatDuration(run.durationMs)}</span>
              <span className="w-12 shrink-0">{run.cold && <Badge tone="info">Cold</Badge>}</span>
              <span className="min-w-0 flex-1 truncate font-mono text-sm text-muted">{run.preview}</span>
              <TimeText at={run.start} className="shrink-0 whitespace-nowrap text-muted" />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Bars({ runs }: { runs: readonly ActivationSummary[] }) {
  const longest = Math.max(1, ...runs.map((run) => run.durationMs ?? 0));
  const oldestFirst = [...runs].reverse();
  const failed = runs.filter(
    ({ status }) => STATUS[status].tone === "bad" || STATUS[status].tone === "warn",
  ).length;
  return (
    <figure className="w-fit">
      <div
        role="img"
        aria-label={`The last ${runs.length} runs, ${failed} with errors, the longest ${formatDuration(longest)}`}
        className="flex h-30 items-end gap-1 border-b border-line"
      >
        {Array.from({ length: COUNT - oldestFirst.length }, (_, gap) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: empty places
          <span key={gap} className="h-px w-2" />
        ))}
        {oldestFirst.map((run) => (
          <span
            key={run.id}
            title={`${STATUS[run.status].word}, ${formatDuration(run.durationMs)}`}
            className={cx("w-2 rounded-t-xs", run.cold && "outline-1 outline-info")}
            style={{
              height: `${Math.max(4, ((run.durationMs ?? 0) / longest) * 100)}%`,
              backgroundColor: BAR[run.status],
            }}
          />
        ))}
      </div>
      <figcaption className="mt-1 flex justify-between text-sm text-subtle">
        <span>Last {runs.length}</span>
        <span>max {formatDuration(longest)}</span>
      </figcaption>
    </figure>
  );
}
