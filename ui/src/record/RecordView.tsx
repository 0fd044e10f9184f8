import { CircleX } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useActivation } from "@/api/queries";
import type { Activation, ActivationDetail, Exchange } from "@/platform";
import { CodeEditor } from "@/ui/CodeEditor";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { isPending } from "@/ui/StatusBadge";
import { Tabs } from "@/ui/Tabs";
import { BodyView } from "@/viewers/BodyView";
import { fileName, inputBody } from "@/viewers/body";
import { pretty } from "@/viewers/json/parse";
import { CallbackFailed, DeliveriesPane, useConsequences } from "./DeliveriesPane";
import { HttpPane } from "./HttpPane";
import { LogsPane } from "./LogsPane";
import { ResultPane } from "./ResultPane";
import { TimingPane } from "./TimingPane";

export type RecordTab = "result" | "input" | "logs" | "http" | "deliveries" | "timing" | "raw";

export interface RecordViewProps {
  /** The record; or `detail`, which has the raw form with it. */
  activation?: Activation;
  detail?: ActivationDetail;
  /** The record as the provider's API serves it. Read when the tab is opened where it is not given. */
  raw?: string | null;
  /** The tab to start with. */
  initialTab?: RecordTab;
  onTab?: (tab: RecordTab) => void;
  /** Shown at the right end of the tab row. */
  aside?: ReactNode;
  /** Offered while the run is queued or running. */
  onCancel?: () => void;
}

/** One run: Result, Input, Logs, Timing, Raw. Fills its parent and scrolls inside. */
export function RecordView({ activation, detail, raw, initialTab, onTab, aside, onCancel }: RecordViewProps) {
  const [tab, setTab] = useState<RecordTab>(initialTab ?? "result");
  const record = activation ?? detail?.activation;
  if (!record) return null;
  return (
    <RecordTabs
      record={record}
      raw={raw ?? detail?.raw}
      tab={tab}
      aside={aside}
      onCancel={onCancel}
      onTab={(next) => {
        setTab(next);
        onTab?.(next);
      }}
    />
  );
}

interface RecordTabsProps extends Pick<RecordViewProps, "raw" | "aside" | "onCancel"> {
  record: Activation;
  tab: RecordTab;
  onTab: (tab: RecordTab) => void;
}

function RecordTabs({ record, raw, tab, onTab, aside, onCancel }: RecordTabsProps) {
  const caused = useConsequences(record);
  // Remembered from a run that had one.
  const missing = (tab === "http" && record.http === null) || (tab === "deliveries" && caused.count === 0);
  const shown = missing ? "result" : tab;
  const logs = record.logs.length;
  const tabs = (
    <Tabs
      label="Record"
      size="sm"
      value={shown}
      onChange={onTab}
      aside={aside}
      className={record.callback === "failed" ? "min-h-0 flex-1" : "h-full"}
      panelClassName="flex flex-col overflow-hidden"
      items={[
        { id: "result", label: "Result", panel: <ResultPane activation={record} onCancel={onCancel} /> },
        { id: "input", label: "Input", panel: <InputPane activation={record} /> },
        {
          id: "logs",
          label: logs === 0 ? "Logs" : `Logs ${logs.toLocaleString("en")}`,
          panel: <LogsPane activation={record} />,
        },
        ...(record.http === null
          ? []
          : [
              {
                id: "http" as const,
                label: httpLabel(record.http),
                panel: <HttpPane activation={record} http={record.http} />,
              },
            ]),
        ...(caused.count === 0
          ? []
          : [
              {
                id: "deliveries" as const,
                label: <DeliveriesLabel {...caused} />,
                panel: <DeliveriesPane {...caused} />,
              },
            ]),
        { id: "timing", label: "Timing", panel: <TimingPane activation={record} /> },
        { id: "raw", label: "Raw", panel: <RawPane activation={record} raw={raw} /> },
      ]}
    />
  );
  if (record.callback !== "failed") return tabs;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <CallbackFailed deliveries={caused.deliveries} onShow={() => onTab("deliveries")} />
      {tabs}
    </div>
  );
}

/** What was not delivered is seen without looking for it. */
function DeliveriesLabel({ count, failed }: Pick<ReturnType<typeof useConsequences>, "count" | "failed">) {
  return (
    <span className="inline-flex items-center gap-1">
      Deliveries {count}
      {failed && <CircleX size={13} className="text-bad" role="img" aria-label="not all delivered" />}
    </span>
  );
}

function httpLabel({ status }: Exchange): string {
  return status === null ? "HTTP" : `HTTP ${status}`;
}

function InputPane({ activation }: { activation: Activation }) {
  const body = inputBody(activation);
  if (body === null) {
    return (
      <p className="px-4 py-8 text-center text-muted">
        Somebody else made this run: the provider keeps no input, so it is not known.
      </p>
    );
  }
  return (
    <BodyView
      body={body}
      label="Input"
      file={`input-${fileName(activation, body)}`}
      empty="The request had no body."
      testId="input"
    />
  );
}

/** Line breaks for reading; every value stays as the provider wrote it. */
function indented(text: string): string {
  try {
    return pretty(text);
  } catch {
    return text;
  }
}

function RawPane({ activation, raw }: { activation: Activation; raw: string | null | undefined }) {
  const fetched = useActivation(raw === undefined ? activation.id : null);
  const text = raw === undefined ? fetched.data?.raw : raw;
  if (raw === undefined && fetched.isError) {
    return <ErrorState error={fetched.error} onRetry={() => void fetched.refetch()} />;
  }
  if (text === undefined) return <Skeleton className="p-4" />;
  if (text === null) {
    return (
      <p className="px-4 py-8 text-center text-muted">
        {isPending(activation.status)
          ? "The requested activation record does not exist yet: there is one when the run is over."
          : "The provider has no record of this run."}
      </p>
    );
  }
  return (
    <div data-testid="raw" className="min-h-0 flex-1">
      <CodeEditor value={indented(text)} language="json" label="Raw record" readOnly wrap />
    </div>
  );
}
