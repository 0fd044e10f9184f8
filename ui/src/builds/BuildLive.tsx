import { CircleStop } from "lucide-react";
import { api, type FunctionRef } from "@/platform";
import { useElapsed } from "@/record/useElapsed";
import { announce } from "@/ui/announce";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatDuration } from "@/ui/format";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { LogText } from "./LogText";
import type { WatchedBuild } from "./useBuildWatch";
import { BUILD } from "./words";

interface BuildLiveProps {
  target: FunctionRef;
  watched: WatchedBuild;
  /** Whether there is a version that goes on serving while this one is made, and if it fails. */
  serving: boolean;
}

/** A build while it is under way, and how it ended. */
export function BuildLive({ target, watched: { build, lines }, serving }: BuildLiveProps) {
  const { word, icon: Icon, tone } = BUILD[build.state];
  const cancel = useAttempt(async () => {
    try {
      if (await api.cancelBuild({ function: target })) announce("The build is cancelled");
      else toast.info("It was over already");
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  const building = build.state === "building";
  return (
    <section aria-label="Build" className="border-b border-line bg-inset px-6 py-2" data-testid="build-live">
      <div className="flex min-h-7 flex-wrap items-center gap-3">
        <span role="status">
          <Badge tone={tone} icon={<Icon size={13} aria-hidden />}>
            {word}
          </Badge>
        </span>
        <span className="text-sm text-muted">
          {building ? <Elapsed since={build.started} /> : formatDuration(build.durationMs)}
          {serving && building && " · the version before it goes on serving"}
          {serving && build.state === "failed" && " · the version before it still serves"}
        </span>
        <span className="flex-1" />
        {building && (
          <Button
            size="sm"
            icon={<CircleStop size={13} aria-hidden />}
            busy={cancel.busy}
            onClick={() => void cancel.run()}
          >
            Cancel build
          </Button>
        )}
      </div>
      {lines.length > 0 && <LogText text={lines.join("\n")} label="Build log" follow />}
    </section>
  );
}

function Elapsed({ since }: { since: number }) {
  const elapsed = useElapsed(since, true);
  return <span aria-hidden>{formatDuration(Math.floor(elapsed / 100) * 100)}</span>;
}
