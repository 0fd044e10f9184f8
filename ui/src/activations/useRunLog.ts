import { useEffect, useState, useSyncExternalStore } from "react";
import { subscribeEvents } from "@/api/events";
import { api } from "@/platform";
import { effectiveFilter, type Scope, scopeText } from "./core/filterText";
import { ActivationLog, type LogState } from "./core/log";
import { Tallies, type Tally } from "./core/tallies";

/** Bars of the histogram. */
const BUCKETS = 96;

interface RunLog {
  log: ActivationLog;
  state: LogState;
  tally: Tally;
}

/** The log, its counts and bars, as React sees them. */
export function useRunLog(text: string, scope: Scope | undefined): RunLog {
  const [log] = useState(() => new ActivationLog(api));
  const [tallies] = useState(() => new Tallies(api, BUCKETS));
  const state = useSyncExternalStore(log.subscribe, log.snapshot);
  const tally = useSyncExternalStore(tallies.subscribe, tallies.snapshot);
  const filter = effectiveFilter(text, scope);
  const everything = scope ? scopeText(scope) : "";

  useEffect(() => {
    const stop = subscribeEvents((event) => {
      log.onEvent(event);
      tallies.onEvent(event);
    });
    return () => {
      stop();
      log.dispose();
      tallies.dispose();
    };
  }, [log, tallies]);

  useEffect(() => {
    log.show(filter);
    tallies.show(filter, everything);
  }, [log, tallies, filter, everything]);

  return { log, state, tally };
}
