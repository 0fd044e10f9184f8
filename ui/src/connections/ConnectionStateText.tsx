import { CircleCheck, CircleDashed, TriangleAlert } from "lucide-react";
import type { Connection } from "@/platform";
import { explain } from "@/platform/errors";
import { formatDuration } from "@/ui/format";
import { Spinner } from "@/ui/Spinner";

/** Whether a connection works, in a word; why not is told below its row. */
export function ConnectionStateText({ connection, checking }: { connection: Connection; checking: boolean }) {
  const { state, kind } = connection;
  const line = "inline-flex items-center gap-1.5 align-middle whitespace-nowrap";
  if (checking) {
    return (
      <span className={`${line} text-muted`}>
        <Spinner /> Checking…
      </span>
    );
  }
  switch (state.state) {
    case "connected":
      return (
        <span className={`${line} text-ok`}>
          <CircleCheck size={14} aria-hidden />
          {kind === "local" ? "On this machine" : "Connected"}
          {kind !== "local" && <span className="text-muted">{formatDuration(state.latency_ms)}</span>}
        </span>
      );
    case "failing":
      return (
        <span className={`${line} text-bad`}>
          <TriangleAlert size={14} aria-hidden />
          {explain(state.error).title}
        </span>
      );
    case "unknown":
      return (
        <span className={`${line} text-muted`}>
          <CircleDashed size={14} aria-hidden />
          Not checked yet
        </span>
      );
  }
}
