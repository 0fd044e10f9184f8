import { Link } from "@tanstack/react-router";
import { CircleStop, Flame, ScrollText, Snowflake, SquareTerminal } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useCancels } from "@/api/queries";
import { type Activation, type ActivationDetail, api, type FunctionRef } from "@/platform";
import type { Explained } from "@/platform/errors";
import { type RecordTab, RecordView } from "@/record";
import { LogsPane } from "@/record/LogsPane";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState } from "@/ui/EmptyState";
import { FormError } from "@/ui/Field";
import { formatDuration } from "@/ui/format";
import { Kbd } from "@/ui/Kbd";
import { Segmented } from "@/ui/Segmented";
import { Spinner } from "@/ui/Spinner";
import { isPending, StatusBadge } from "@/ui/StatusBadge";
import { toast } from "@/ui/toast";
import { ErrorAction } from "./ErrorAction";
import type { InvokeSession } from "./session";
import type { LiveResponse } from "./stream/live";
import { StreamPane } from "./stream/StreamPane";
import { useFollowed } from "./useFollowed";

export function ResultPane({ target, session }: { target: FunctionRef; session: InvokeSession }) {
  const { runId, recorded, answered, callStarted, error, promoted, live } = session;
  const record = useFollowed(recorded ? runId : null, answered);

  // In a narrow window the result is below the request, and may be out of sight.
  const pane = useRef<HTMLElement>(null);
  useEffect(() => {
    if (callStarted !== null) pane.current?.scrollIntoView?.({ block: "nearest" });
  }, [callStarted]);

  return (
    <section
      ref={pane}
      aria-label="Result"
      aria-busy={callStarted !== null}
      data-testid="invoke-result"
      className="flex min-h-0 min-w-0 flex-col"
    >
      {error !== null && <Failed error={error} />}
      {record !== null ? (
        <>
          <RunHeader run={record.activation} promoted={promoted} />
          {live === null ? (
            <RecordWithLogs key={record.activation.id} record={record} />
          ) : (
            <StreamOrRecord key={record.activation.id} live={live} record={record} />
          )}
        </>
      ) : callStarted !== null ? (
        <>
          <Waiting since={callStarted} runId={runId} />
          {live !== null && <StreamPane live={live} open />}
        </>
      ) : live !== null ? (
        // The call failed on its way: what had come is all that there is of it.
        <StreamPane live={live} open={false} />
      ) : (
        error === null && (
          <EmptyState
            icon={<SquareTerminal size={24} aria-hidden />}
            title={`Run ${target.name} to see its result`}
          >
            <span className="inline-flex items-center gap-1.5">
              Press Run or <Kbd keys="$mod+Enter" />
            </span>
            . The run is kept in the activation log with this input.
          </EmptyState>
        )
      )}
    </section>
  );
}

/** A response that came bit by bit stays as it came, with the times of its events; the record is a press away. */
function StreamOrRecord({ live, record }: { live: LiveResponse; record: ActivationDetail }) {
  const [shown, setShown] = useState<"stream" | "record">("stream");
  const open = isPending(record.activation.status);
  if (open) return <StreamPane live={live} open />;
  return (
    <>
      <div className="flex h-9 shrink-0 items-center border-b border-line px-4">
        <Segmented
          label="Show the response"
          value={shown}
          onChange={setShown}
          options={[
            { value: "stream", label: "As it came" },
            { value: "record", label: "Record" },
          ]}
        />
      </div>
      {shown === "stream" ? <StreamPane live={live} open={false} /> : <RecordWithLogs record={record} />}
    </>
  );
}

/** The record, and under its result the logs: both in sight after one click. */
function RecordWithLogs({ record }: { record: ActivationDetail }) {
  const [tab, setTab] = useState<RecordTab>("result");
  const { logs } = record.activation;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-3 overflow-hidden">
        <RecordView detail={record} onTab={setTab} />
      </div>
      {tab === "result" && logs.length > 0 && (
        <section aria-label="Logs" className="flex min-h-0 flex-2 flex-col border-t border-line">
          <h3 className="px-4 pt-2 text-sm font-medium text-muted">Logs</h3>
          <LogsPane activation={record.activation} />
        </section>
      )}
    </div>
  );
}

function Failed({ error }: { error: Explained }) {
  return (
    <div className="border-b border-line p-4">
      <FormError error={error} />
      <ErrorAction error={error} />
    </div>
  );
}

function RunHeader({ run, promoted }: { run: Activation; promoted: boolean }) {
  const pending = isPending(run.status);
  const cancels = useCancels(run);
  return (
    <div className="shrink-0 border-b border-line">
      <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5">
        <span aria-live="polite">
          <StatusBadge status={run.status} />
        </span>
        {pending ? (
          <Elapsed since={run.start} />
        ) : (
          <span title="Duration">{formatDuration(run.durationMs)}</span>
        )}
        {run.cold !== null && !pending && <Warmth cold={run.cold} />}
        <span className="flex-1" />
        {cancels && <Cancel id={run.id} />}
        <Link
          to="/activations"
          search={{ id: run.id }}
          className="inline-flex h-6 items-center gap-1.5 rounded-sm text-sm text-accent-text hover:underline"
        >
          <ScrollText size={13} aria-hidden />
          Open in activation log
        </Link>
      </div>
      <div className="flex min-h-7 items-center gap-1 px-4 pb-1 text-sm text-muted">
        <code className="truncate select-text" data-testid="activation-id">
          {run.id}
        </code>
        <CopyButton text={run.id} label="Copy activation id" />
      </div>
      {promoted && (
        <p className="border-t border-line bg-info-soft px-4 py-1.5 text-sm text-info" role="status">
          This run passed the limit of blocking calls and became asynchronous.{" "}
          {pending ? "It goes on; this page follows it." : "It has ended since."}
        </p>
      )}
    </div>
  );
}

function Warmth({ cold }: { cold: boolean }) {
  return cold ? (
    <Badge tone="info" icon={<Snowflake size={12} aria-hidden />} title="A worker was started for this run">
      Cold start
    </Badge>
  ) : (
    <Badge icon={<Flame size={12} aria-hidden />} title="A worker was waiting for it">
      Warm
    </Badge>
  );
}

function Waiting({ since, runId }: { since: number; runId: string | null }) {
  return (
    <div className="flex min-h-11 items-center gap-3 border-b border-line px-4" role="status">
      <Spinner />
      <span>
        Running <Elapsed since={since} />
      </span>
      <span className="flex-1" />
      {runId !== null && <Cancel id={runId} />}
    </div>
  );
}

function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  // Hidden from screen readers: a number that changes ten times a second.
  return <span aria-hidden>{formatDuration(Math.max(0, now - since))}</span>;
}

function Cancel({ id }: { id: string }) {
  const [busy, setBusy] = useState(false);
  async function cancel() {
    setBusy(true);
    try {
      if (!(await api.cancel({ id }))) toast.info("It was over already");
    } catch (thrown) {
      toast.failure(thrown);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Button size="sm" icon={<CircleStop size={13} aria-hidden />} onClick={() => void cancel()} busy={busy}>
      Cancel
    </Button>
  );
}
