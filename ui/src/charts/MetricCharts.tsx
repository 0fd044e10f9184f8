import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type Chart as Figures, type FunctionRef } from "@/platform";
import { ErrorState } from "@/ui/ErrorState";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { Chart } from "./Chart";

const RANGES = {
  hour: { label: "1 h", title: "The last hour", length: 3_600_000, step: 30_000, every: 10_000 },
  day: { label: "24 h", title: "The last day", length: 86_400_000, step: 600_000, every: 30_000 },
  week: { label: "7 days", title: "The last week", length: 604_800_000, step: 7_200_000, every: 60_000 },
} as const;
type Range = keyof typeof RANGES;

/** What the engine measured over time: of one function, or of all. */
export function MetricCharts({ of }: { of?: FunctionRef }) {
  const [range, setRange] = useState<Range>("hour");
  const { length, step, every } = RANGES[range];
  const figures = useQuery({
    queryKey: keys.metrics(of ?? "all", range),
    queryFn: ({ signal }) => {
      const to = Date.now() + 1;
      return api.metrics({ function: of, from: to - length, to, step }, signal);
    },
    refetchInterval: every,
    staleTime: every,
    placeholderData: keepPreviousData,
  });
  return (
    <div className="px-6" data-testid="metric-charts">
      <div className="mb-3">
        <Segmented
          label="Time range of the charts"
          value={range}
          onChange={setRange}
          options={Object.entries(RANGES).map(([value, { label, title }]) => ({
            value: value as Range,
            label,
            title,
          }))}
        />
      </div>
      {figures.data !== undefined ? (
        <Charts figures={figures.data} />
      ) : figures.isError ? (
        <ErrorState error={figures.error} onRetry={() => void figures.refetch()} />
      ) : (
        <Skeleton rows={6} />
      )}
    </div>
  );
}

function Charts({ figures }: { figures: Figures }) {
  const { from, step } = figures;
  const shared = { from, step };
  const lines = { ...shared, shape: "lines" } as const;
  const bars = { ...shared, shape: "bars" } as const;
  const ended = figures.runs.map((runs, at) => runs - (figures.failed[at] ?? 0));
  return (
    <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
      <Chart
        {...bars}
        title="Runs"
        note={`By how they ended, in steps of ${stepText(step)}`}
        unit="count"
        series={[
          { label: "Well, or not over", colour: "success", values: ended },
          { label: "Application error", colour: "application", values: figures.applicationErrors },
          { label: "Developer error", colour: "developer", values: figures.developerErrors },
          { label: "System error", colour: "system", values: figures.systemErrors },
          { label: "Refused (429)", colour: "pending", values: figures.throttled },
        ]}
      />
      <Chart
        {...lines}
        title="Duration"
        note="Of the runs that ended then, start of a worker included"
        unit="ms"
        series={[
          { label: "p50", colour: "accent", values: figures.p50 },
          { label: "p99", colour: "warn", values: figures.p99, dashed: true },
        ]}
      />
      <Chart
        {...lines}
        title="Cold starts"
        note="Share of the runs for which a process was started"
        unit="share"
        series={[{ label: "Cold", colour: "accent", values: figures.coldShare }]}
      />
      <Chart
        {...lines}
        title="Queue depth"
        note="Most runs that waited at the same time"
        unit="count"
        series={[{ label: "Waiting", colour: "accent", values: figures.queue }]}
      />
      <Chart
        {...lines}
        title="Memory of workers"
        note="Most that they held together, resident"
        unit="bytes"
        series={[{ label: "Memory", colour: "accent", values: figures.memory }]}
      />
      <Chart
        {...lines}
        title="Workers"
        note="Most processes at the same time"
        unit="count"
        series={[{ label: "Workers", colour: "accent", values: figures.workers }]}
      />
      <Chart
        {...bars}
        title="Deliveries"
        note="Callbacks, and records of detached runs"
        unit="count"
        series={[
          { label: "Delivered", colour: "success", values: figures.delivered },
          { label: "Given up", colour: "developer", values: figures.undelivered },
        ]}
      />
    </div>
  );
}

function stepText(ms: number): string {
  if (ms < 60_000) return `${ms / 1000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}
