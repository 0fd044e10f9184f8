import { ScrollText, SearchX } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { useActions } from "@/app/actions";
import type { FunctionRef } from "@/platform";
import { explain } from "@/platform/errors";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { FormError } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { type KeptLog, matching, withInstances } from "./kept";
import { LogRows } from "./LogRows";
import { LogToolbar } from "./LogToolbar";
import { type LogAsk, useFunctionLog } from "./useFunctionLog";

/** What a function at a provider writes, apart from any run. */
export function LogsTab({ target }: { target: FunctionRef }) {
  const [ask, setAsk] = useState<LogAsk>({ tail: 100, minutes: null, instance: null, follow: true });
  const [filter, setFilter] = useState("");
  /** What is shown while the log goes on behind it. */
  const [held, setHeld] = useState<KeptLog | null>(null);
  const { log, open, error, stop, clear } = useFunctionLog(target, ask);
  const [known, setKnown] = useState<readonly string[]>([]);
  const instances = withInstances(known, log.lines);
  if (instances !== known) setKnown(instances);
  const search = useRef<HTMLInputElement>(null);
  const following = open && ask.follow;
  // There is nothing to hold back once it is over.
  const still = following ? held : null;
  const shown = still ?? log;
  const lines = useMemo(() => matching(shown.lines, filter), [shown, filter]);

  function read(change: Partial<LogAsk>) {
    setHeld(null);
    setAsk({ ...ask, ...change });
  }
  // What failed goes on as it was meant to; what a person ended does not.
  const follow = ask.follow && (open || error !== null);
  const again = () => read({ follow });

  function onFollow() {
    if (!following) return read({ follow: true });
    setHeld(null);
    stop();
  }

  const onPause = () => setHeld(still === null ? log : null);

  useActions([
    {
      id: "log-filter",
      title: "Filter the lines",
      section: "Log",
      keys: "/",
      run: () => search.current?.focus(),
    },
    ...(following
      ? [
          {
            id: "log-pause",
            title: still === null ? "Pause the log" : "Resume the log",
            section: "Log",
            keys: "p",
            run: onPause,
          },
        ]
      : []),
  ]);

  return (
    <div className="flex h-full min-h-0 flex-col">
      <LogToolbar
        ask={ask}
        onAsk={(change) => read({ ...change, follow })}
        instances={instances}
        following={following}
        onFollow={onFollow}
        held={still !== null}
        waiting={still === null ? 0 : log.count - still.count}
        onPause={onPause}
        filter={filter}
        onFilter={setFilter}
        search={search}
        log={shown}
        lines={lines}
        onClear={() => {
          clear();
          if (still !== null) setHeld({ lines: [], count: log.count });
        }}
        onRead={again}
      />
      {error !== null && shown.lines.length > 0 && (
        <div className="flex items-start gap-2 border-t border-line p-2">
          <FormError error={explain(error)} className="flex-1" />
          <Button size="sm" onClick={again}>
            Try again
          </Button>
        </div>
      )}
      {lines.length > 0 ? (
        <LogRows key={filter} lines={lines} />
      ) : shown.lines.length > 0 ? (
        <EmptyState icon={<SearchX size={24} aria-hidden />} title="No line has this text">
          {shown.lines.length === 1
            ? "There is one without it."
            : `There are ${shown.lines.length} without it.`}
        </EmptyState>
      ) : error !== null ? (
        <ErrorState error={error} onRetry={again} />
      ) : open && !ask.follow ? (
        <Skeleton className="p-6" />
      ) : shown.count > 0 ? (
        <EmptyState icon={<ScrollText size={24} aria-hidden />} title="The lines were cleared">
          {following ? "New ones appear here as they come." : "Read them again to see what is there."}
        </EmptyState>
      ) : (
        <EmptyState icon={<ScrollText size={24} aria-hidden />} title="Nothing was written yet">
          {ask.minutes !== null || ask.instance !== null
            ? "Nothing from this time and instance; there may be more from before, or from others. "
            : "Some servers keep only what the last minutes brought. "}
          What the function writes {following ? "appears here as it comes" : "is here when it is read again"}.
        </EmptyState>
      )}
    </div>
  );
}
