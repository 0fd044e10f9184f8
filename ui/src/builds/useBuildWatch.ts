import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/api/keys";
import { api, type BuildRecord, type FunctionRef, toCallError } from "@/platform";
import type { Explained } from "@/platform/errors";

/** A build that was seen from its first line, or from where the panel still has it. */
export interface WatchedBuild {
  build: BuildRecord;
  lines: readonly string[];
}

/** Most lines that stay on the page; the whole log is kept with the build. */
const LINES = 2_000;
const AGAIN = 2_000;

/** Whether the log of a build that failed ends with this error, so that it need not be shown twice. */
export function tells(watched: WatchedBuild | null, { message }: Pick<Explained, "message">): boolean {
  return watched?.build.state === "failed" && (watched.lines.at(-1)?.includes(message) ?? false);
}

/** The build of a function that is under way, or the last one that ended while somebody watched; null: there was none. */
export function useBuildWatch(target: FunctionRef, enabled = true): WatchedBuild | null {
  const client = useQueryClient();
  const [seen, setSeen] = useState<WatchedBuild | null>(null);
  const { connection, namespace, name } = target;
  useEffect(() => {
    if (!enabled || connection !== "local") return;
    const f = { connection, namespace, name };
    const controller = new AbortController();
    setSeen(null);
    async function watch() {
      while (!controller.signal.aborted) {
        try {
          await api.watchBuilds(
            { function: f },
            ({ build, lines }) => {
              setSeen((before) => {
                const old = before?.build.id === build.id ? before.lines : [];
                return { build, lines: [...old, ...lines].slice(-LINES) };
              });
              if (build.state !== "building") void client.invalidateQueries({ queryKey: keys.builds(f) });
            },
            controller.signal,
          );
        } catch (thrown) {
          if (toCallError(thrown).code === "cancelled") return;
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
    void watch();
    return () => controller.abort();
  }, [client, connection, namespace, name, enabled]);
  return seen;
}
