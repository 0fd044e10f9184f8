import { useEngine, useOverview } from "@/api/queries";
import { MetricCharts } from "@/charts/MetricCharts";
import { RuntimesSection } from "@/settings/RuntimesSection";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { DeadLetters } from "./DeadLetters";
import { EngineTotals } from "./EngineTotals";
import { Images } from "./Images";
import { Isolation } from "./Isolation";
import { Part } from "./Part";
import { Queues } from "./Queues";
import { useQueues } from "./queries";
import { Workers } from "./Workers";

export function EnginePage() {
  const engine = useEngine();
  const queues = useQueues();
  return (
    <>
      <PageHeader
        title="Engine"
        description="What the local engine does now: its workers, what waits for them, and what this machine gives it."
      />
      {engine.data ? (
        <EngineTotals engine={engine.data} />
      ) : (
        !engine.isError && <Skeleton rows={2} className="px-6 pb-5" />
      )}
      <Part title="Workers" description="The processes that functions run in, kept warm between runs.">
        {engine.data ? (
          <Workers workers={engine.data.workers} />
        ) : engine.isError ? (
          <ErrorState error={engine.error} onRetry={() => void engine.refetch()} />
        ) : (
          <Skeleton rows={3} className="px-6" />
        )}
      </Part>
      <Part
        title="Queues"
        description="Accepted runs by function. A paused queue goes on accepting, and keeps what it has over restarts."
      >
        {queues.data ? (
          <Queues queues={queues.data} />
        ) : queues.isError ? (
          <ErrorState error={queues.error} onRetry={() => void queues.refetch()} />
        ) : (
          <Skeleton rows={2} className="px-6" />
        )}
      </Part>
      <Part title="Dead letters" description="Accepted runs that failed in every attempt they had.">
        <DeadLetters />
      </Part>
      <Part title="Metrics" description={<MetricsNote />}>
        <MetricCharts />
      </Part>
      <Images />
      <Part
        title="Isolation"
        description="What keeps a function from the rest of this machine. It depends on the kernel and on the account that Beckon runs under."
      >
        <Isolation />
      </Part>
      <div className="border-t border-line px-6 pb-12">
        <div className="max-w-220">
          <RuntimesSection />
        </div>
      </div>
    </>
  );
}

function MetricsNote() {
  const { gatewayUrl } = useOverview().data ?? { gatewayUrl: null };
  return (
    <>
      Runs and deliveries come from the journal, the rest is kept while Beckon runs.
      {gatewayUrl !== null && (
        <>
          {" "}
          For Prometheus: <code className="select-text">{gatewayUrl}/metrics</code>
          <CopyButton text={`${gatewayUrl}/metrics`} label="Copy URL of the metrics" />
        </>
      )}
    </>
  );
}
