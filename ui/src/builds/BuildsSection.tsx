import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type BuildRecord, type FunctionRef } from "@/platform";
import { Badge } from "@/ui/Badge";
import { ErrorState } from "@/ui/ErrorState";
import { formatDuration } from "@/ui/format";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";
import { BuildLive } from "./BuildLive";
import { LogText } from "./LogText";
import { useBuildWatch } from "./useBuildWatch";
import { BUILD } from "./words";

/** How a function's versions were made, and what could not be. Nothing, where there was nothing to make. */
export function BuildsSection({ target, version }: { target: FunctionRef; version: string }) {
  const builds = useQuery({
    // A saved version has a build of its own.
    queryKey: [...keys.builds(target), version],
    queryFn: ({ signal }) => api.builds({ function: target }, signal),
  });
  const watched = useBuildWatch(target);
  if (builds.isError) {
    return (
      <Section title="Builds">
        <ErrorState error={builds.error} onRetry={() => void builds.refetch()} />
      </Section>
    );
  }
  if (!builds.data?.length) return null;
  return (
    <Section
      title="Builds"
      description="What was installed and compiled for each version. A build that fails changes nothing: the version before it still serves."
    >
      {watched?.build.state === "building" && (
        <div className="mb-3 overflow-hidden rounded-lg border border-line">
          <BuildLive target={target} watched={watched} serving />
        </div>
      )}
      <ul className="divide-y divide-line rounded-lg border border-line">
        {builds.data.map((build, at) => (
          <BuildRow key={build.id} target={target} build={build} newest={at === 0} serving={version} />
        ))}
      </ul>
    </Section>
  );
}

interface BuildRowProps {
  target: FunctionRef;
  build: BuildRecord;
  newest: boolean;
  /** The version that serves now. */
  serving: string;
}

function BuildRow({ target, build, newest, serving }: BuildRowProps) {
  const [open, setOpen] = useState(false);
  const { word, icon: Icon, tone } = BUILD[build.state];
  const Chevron = open ? ChevronDown : ChevronRight;
  const title = build.version === null ? "Not saved" : `Version ${build.version}`;
  // Logs are asked for by version; of what was never saved, the last one is there.
  const readable = build.version !== null || newest;
  return (
    <li data-testid="build-row" className="px-3 py-1.5">
      <div className="flex min-h-7 flex-wrap items-center gap-3">
        <button
          type="button"
          aria-expanded={open}
          aria-label={`Log of the build: ${title}`}
          disabled={!readable}
          onClick={() => setOpen(!open)}
          className="inline-flex size-6 items-center justify-center rounded-sm text-subtle hover:not-disabled:bg-hover hover:not-disabled:text-fg disabled:opacity-40"
        >
          <Chevron size={14} aria-hidden />
        </button>
        <Badge tone={tone} icon={<Icon size={13} aria-hidden />}>
          {word}
        </Badge>
        <span className="font-medium">{title}</span>
        {build.version === serving && <span className="text-sm text-muted">serving now</span>}
        {build.reused && (
          <span className="text-sm text-muted" title="The same code had been built before.">
            nothing to do
          </span>
        )}
        <span className="flex-1" />
        <span className="text-sm text-muted">{formatDuration(build.durationMs)}</span>
        <TimeText at={build.started} className="text-sm text-muted" />
      </div>
      {build.state === "failed" && newest && (
        <p className="pl-9 text-sm text-bad">Version {serving} still serves.</p>
      )}
      {open && <Log target={target} version={build.version} id={build.id} />}
    </li>
  );
}

function Log({ target, version, id }: { target: FunctionRef; version: string | null; id: string }) {
  const log = useQuery({
    queryKey: [...keys.builds(target), "log", id],
    queryFn: ({ signal }) => api.buildLog({ function: target, version }, signal),
  });
  if (log.isError) return <ErrorState error={log.error} onRetry={() => void log.refetch()} />;
  if (log.data === undefined) return <Skeleton rows={2} className="py-2 pl-9" />;
  return (
    <div className="pb-1.5 pl-9">
      {log.data.log === "" ? (
        <p className="text-sm text-muted">It printed nothing.</p>
      ) : (
        <LogText text={log.data.log} label="Build log" />
      )}
    </div>
  );
}
