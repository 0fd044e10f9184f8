import { useCallback, useEffect, useRef, useState } from "react";
import { api, type FunctionLogLine, type FunctionRef } from "@/platform";
import { type KeptLog, MOST_LINES, NO_LINES, withLines } from "./kept";

/** Which lines are wanted; each new one is asked anew. */
export interface LogAsk {
  /** The last so many of those that were written already. */
  tail: number;
  /** Only of the last so many minutes; null lets the server decide how far back. */
  minutes: number | null;
  /** Only of this instance; null for all of them. */
  instance: string | null;
  follow: boolean;
}

export interface FunctionLog {
  log: KeptLog;
  /** Whether more may come. */
  open: boolean;
  /** What ended it; null while it is open, and where it ended as it should. */
  error: unknown;
  /** Ends it; what came stays. */
  stop: () => void;
  /** Forgets what came. */
  clear: () => void;
}

/** Lines are shown this often, however many come, ms. */
const EVERY = 100;

/** What a function writes, as it comes. */
export function useFunctionLog(target: FunctionRef, ask: LogAsk): FunctionLog {
  const [log, setLog] = useState<KeptLog>(NO_LINES);
  const [open, setOpen] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const reading = useRef<{ end: () => void; drop: () => void }>(null);
  const { connection, namespace, name } = target;

  useEffect(() => {
    const controller = new AbortController();
    let waiting: FunctionLogLine[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    function show() {
      clearTimeout(timer);
      timer = undefined;
      const added = waiting;
      waiting = [];
      if (added.length > 0) setLog((before) => withLines(before, added));
    }
    function take(line: FunctionLogLine) {
      if (controller.signal.aborted) return;
      waiting.push(line);
      // A window that is hidden may have its timers held back.
      if (waiting.length >= MOST_LINES) show();
      else timer ??= setTimeout(show, EVERY);
    }
    function end(thrown: unknown = null) {
      if (controller.signal.aborted) return;
      show();
      controller.abort();
      setOpen(false);
      setError(thrown);
    }

    setLog(NO_LINES);
    setOpen(true);
    setError(null);
    reading.current = {
      end: () => end(),
      drop: () => {
        waiting = [];
      },
    };
    const { tail, minutes, instance, follow } = ask;
    const asked = {
      tail,
      follow,
      ...(minutes !== null && { since: Date.now() - minutes * 60_000 }),
      ...(instance !== null && { instance }),
    };
    api
      .functionLogs({ function: { connection, namespace, name }, ask: asked }, take, controller.signal)
      .then(() => end(), end);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [connection, namespace, name, ask]);

  const stop = useCallback(() => reading.current?.end(), []);
  const clear = useCallback(() => {
    reading.current?.drop();
    setLog(({ count }) => ({ lines: [], count }));
  }, []);
  return { log, open, error, stop, clear };
}
