import { Flame, Minus, PhoneOff, Pin, Plus, Snowflake } from "lucide-react";
import { memo, type ReactNode } from "react";
import type { ActivationSummary } from "@/platform";
import { Badge } from "@/ui/Badge";
import { cx } from "@/ui/cx";
import { formatDuration } from "@/ui/format";
import { QualifiedName } from "@/ui/QualifiedName";
import { isPending, StatusText } from "@/ui/StatusBadge";
import { useElapsed } from "../record/useElapsed";
import { barShare, caller } from "./columns";
import { fullLocal, fullUtc, shortTime } from "./core/time";
import { Cell, Row } from "./gridParts";

interface RunRowProps {
  run: ActivationSummary;
  /** Name of the connection where it is not this machine. */
  remote: string | null;
  index: number;
  /** Where the row is, px from the top of the rows. */
  top: number;
  height: number;
  active: boolean;
  open: boolean;
  scoped: boolean;
  /** The start of today decides whether a time needs its date. */
  now: number;
  onSelect: (index: number) => void;
  onToggle: (index: number) => void;
  children?: ReactNode;
}

/** One run. Its height is given, so that the list never measures. */
export const RunRow = memo(function RunRow(props: RunRowProps) {
  const { run, remote, index, top, height, active, open, scoped, now, onSelect, onToggle, children } = props;
  const pending = isPending(run.status);
  return (
    <Row
      aria-rowindex={index + 2}
      aria-selected={active}
      tabIndex={active ? 0 : -1}
      data-testid="activation-row"
      data-run={run.id}
      data-status={run.status}
      onClick={(event) => {
        if (event.target instanceof Element && !event.target.closest("[data-record]")) onSelect(index);
      }}
      onDoubleClick={(event) => {
        if (event.target instanceof Element && !event.target.closest("[data-record], button"))
          onToggle(index);
      }}
      className={cx(
        "run-row absolute inset-x-0 top-0 border-b border-line",
        open ? "bg-surface" : active ? "bg-selected" : "hover:bg-hover",
      )}
      style={{ transform: `translateY(${top}px)`, height }}
    >
      <div role="presentation" className={cx("run-cells", open && "bg-selected")}>
        <Cell className="pl-1">
          <button
            type="button"
            tabIndex={-1}
            aria-label={open ? "Close record" : "Open record"}
            aria-expanded={open}
            data-testid="expand-row"
            onClick={(event) => {
              event.stopPropagation();
              onToggle(index);
            }}
            className="inline-flex size-6 items-center justify-center rounded-sm text-subtle hover:bg-hover hover:text-fg"
          >
            {open ? <Minus size={13} aria-hidden /> : <Plus size={13} aria-hidden />}
          </button>
        </Cell>
        <Cell className="flex min-w-0 items-center pr-2">
          <StatusText status={run.status} className="min-w-0 truncate" />
          {run.httpStatus !== null && (
            <span className="pl-2 text-sm text-muted" title={`HTTP status ${run.httpStatus}`}>
              {run.httpStatus}
            </span>
          )}
          {run.callback === "failed" && <CallbackFailedMark />}
        </Cell>
        <Cell className="truncate pr-2" title={`${fullLocal(run.start)} local\n${fullUtc(run.start)}`}>
          <time dateTime={new Date(run.start).toISOString()}>{shortTime(run.start, now)}</time>
        </Cell>
        {!scoped && (
          <Cell
            className="@container flex min-w-0 items-center pr-3"
            title={`${remote === null ? "" : `${remote}: `}${run.namespace}/${run.function}`}
          >
            {remote !== null && (
              <span className="min-w-8 truncate whitespace-pre text-info">{remote} · </span>
            )}
            <QualifiedName
              namespace={run.namespace}
              name={run.function}
              // Of three names in a narrow column none could be read.
              namespaceClassName={remote === null ? undefined : "@max-[280px]:hidden"}
            />
            {run.pinned && <Pinned />}
          </Cell>
        )}
        <Cell className="flex items-center gap-2 pr-3">
          {run.durationMs === null ? (
            pending ? (
              <Elapsed start={run.start} />
            ) : (
              <span className="text-subtle">–</span>
            )
          ) : (
            <>
              <span className="min-w-14 shrink-0 text-right whitespace-nowrap">
                {formatDuration(run.durationMs)}
              </span>
              <span className="h-1.5 min-w-0 flex-1" aria-hidden>
                <span
                  className={cx(
                    "block h-full rounded-[2px]",
                    run.status === "success" ? "bg-(--bar-pending)" : "bg-(--bar-developer)",
                  )}
                  style={{ width: `${barShare(run.durationMs) * 100}%` }}
                />
              </span>
            </>
          )}
        </Cell>
        <Cell data-column="start" className="flex items-center gap-1 text-sm">
          <StartMark cold={run.cold} />
        </Cell>
        <Cell data-column="caller" className="truncate pr-2 text-sm text-muted">
          {caller(run)}
        </Cell>
        <Cell data-column="version" className="truncate pr-2 text-sm text-muted">
          {run.version}
        </Cell>
        <Cell data-column="preview" className="flex min-w-0 items-center pr-3">
          {run.callback === "failed" && (
            <Badge tone="bad" className="mr-2" icon={<PhoneOff size={12} aria-hidden />}>
              callback failed
            </Badge>
          )}
          <span className="min-w-0 truncate font-mono text-sm text-muted">{run.preview}</span>
          {scoped && run.pinned && <Pinned />}
        </Cell>
      </div>
      {children}
    </Row>
  );
});

function StartMark({ cold }: { cold: boolean | null }) {
  if (cold === null) return <span className="text-subtle">–</span>;
  return cold ? (
    <>
      <Snowflake size={12} className="text-info" aria-hidden />
      <span className="text-info">cold</span>
    </>
  ) : (
    <>
      <Flame size={12} className="text-subtle" aria-hidden />
      <span className="text-muted">warm</span>
    </>
  );
}

/** In place of the words in the last column, where there is no room for it. */
function CallbackFailedMark() {
  return (
    <span className="run-callback pl-2 text-bad" title="Callback failed">
      <PhoneOff size={12} aria-hidden />
      <span className="sr-only">Callback failed</span>
    </span>
  );
}

function Pinned() {
  return (
    <>
      <Pin size={12} className="ml-1.5 shrink-0 text-accent-text" aria-hidden />
      <span className="sr-only">, pinned</span>
    </>
  );
}

function Elapsed({ start }: { start: number }) {
  const elapsed = useElapsed(start, true);
  return (
    <span className="min-w-14 shrink-0 text-right whitespace-nowrap text-info">
      {formatDuration(elapsed < 1000 ? Math.floor(elapsed / 100) * 100 : elapsed)}
    </span>
  );
}
