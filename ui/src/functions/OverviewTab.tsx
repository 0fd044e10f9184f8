import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCapabilities } from "@/api/queries";
import { kindTitle } from "@/app/kinds";
import { BuildsSection } from "@/builds/BuildsSection";
import { MetricCharts } from "@/charts/MetricCharts";
import type { DeployedImage, FunctionDetail, FunctionRef } from "@/platform";
import { CopyButton } from "@/ui/CopyButton";
import { formatBytes, formatCount, formatDateTime, formatDuration } from "@/ui/format";
import { Section } from "@/ui/Section";
import { TimeText } from "@/ui/TimeText";
import { CONTRACT } from "./contracts";
import { ReadyBadge } from "./ReadyBadge";
import { RecentRuns } from "./RecentRuns";

export function OverviewTab({ target, detail }: { target: FunctionRef; detail: FunctionDetail }) {
  return (
    <div className="max-w-250 px-6 pb-10">
      <Section
        title="Recent runs"
        actions={
          <Link
            from="/c/$connection/ns/$namespace/fn/$"
            to="."
            search={{ tab: "activations" }}
            className="link"
          >
            All activations
          </Link>
        }
      >
        <RecentRuns target={target} />
      </Section>
      {target.connection === "local" && <BuildsSection target={target} version={detail.version} />}
      <Section title="Facts">
        <dl className="grid grid-cols-[160px_1fr] gap-y-1">
          {detail.apiUrl !== null && (
            <Fact label="REST API">
              <span className="flex min-w-0 items-center gap-1">
                <code className="min-w-0 break-all select-text">{detail.apiUrl}</code>
                <CopyButton text={detail.apiUrl} label="Copy URL" />
              </span>
            </Fact>
          )}
          {detail.functionUrl !== null && (
            <Fact label="Function URL">
              <span className="flex min-w-0 items-center gap-1">
                <code className="min-w-0 break-all select-text">{detail.functionUrl}</code>
                <CopyButton text={detail.functionUrl} label="Copy function URL" />
              </span>
            </Fact>
          )}
          {detail.image === null ? (
            <CodeFacts target={target} detail={detail} />
          ) : (
            <ImageFacts image={detail.image} />
          )}
          {detail.readiness && (
            <Fact label="State">
              <ReadyBadge readiness={detail.readiness} />
            </Fact>
          )}
          {detail.updated > 0 && (
            <Fact label="Updated">
              <TimeText at={detail.updated} />
            </Fact>
          )}
          {detail.created > 0 && <Fact label="Created">{formatDateTime(detail.created)}</Fact>}
        </dl>
      </Section>
      {target.connection === "local" && (
        <Section title="Metrics">
          <div className="-mx-6">
            <MetricCharts of={target} />
          </div>
        </Section>
      )}
    </div>
  );
}

function CodeFacts({ target, detail }: { target: FunctionRef; detail: FunctionDetail }) {
  const { limits } = detail;
  const title = kindTitle(detail.kind);
  const versions = useCapabilities(target.connection)?.versions !== false;
  return (
    <>
      <Fact label="Runtime">
        {title} {title !== detail.kind && <code className="text-subtle">{detail.kind}</code>}
      </Fact>
      {target.connection === "local" && <Fact label="Handler">{CONTRACT[detail.contract]}</Fact>}
      <Fact label="Entry point">
        <code>{detail.main ?? detail.defaultEntry}</code>
      </Fact>
      {versions && (
        <>
          <Fact label="Version">
            <code>{detail.version}</code>
          </Fact>
          <Fact label="Longest run">{formatDuration(limits.timeoutMs)}</Fact>
          <Fact label="Memory">{formatBytes(limits.memoryMb * 1024 * 1024)}</Fact>
          <Fact label="Log per run">
            {limits.logsKb === 0 ? "None is kept" : formatBytes(limits.logsKb * 1024)}
          </Fact>
          <Fact label="At the same time">
            {limits.concurrency === 1 ? "1 run" : `${limits.concurrency} runs`}
          </Fact>
        </>
      )}
    </>
  );
}

function ImageFacts({ image }: { image: DeployedImage }) {
  const { deployment, invocations, memoryBytes } = image;
  return (
    <>
      <Fact label="Asynchronous URL">
        <code className="break-all select-text">{image.asyncUrl}</code>
      </Fact>
      <Fact label="Image">
        <code className="break-all select-text">{deployment.image}</code>
      </Fact>
      <Fact label="Process">
        {deployment.process === "" ? "The image’s own" : <code>{deployment.process}</code>}
      </Fact>
      {invocations !== null && <Fact label="Calls">{formatCount(invocations)}</Fact>}
      {memoryBytes !== null && <Fact label="Memory">{formatBytes(memoryBytes)}</Fact>}
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="min-h-6 py-0.5 text-muted">{label}</dt>
      <dd className="min-h-6 py-0.5">{children}</dd>
    </>
  );
}
