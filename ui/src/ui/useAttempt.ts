import { useCallback, useEffect, useRef, useState } from "react";
import { type Explained, explain } from "@/platform/errors";

interface Attempt<A extends unknown[]> {
  /** Runs the action; true when it succeeded. A second call while one is under way does nothing. */
  run: (...args: A) => Promise<boolean>;
  busy: boolean;
  error: Explained | null;
  clear: () => void;
}

/** An action that a person started: whether it is under way, and how it failed. */
export function useAttempt<A extends unknown[]>(action: (...args: A) => Promise<unknown>): Attempt<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Explained | null>(null);
  const running = useRef(false);
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });

  const run = useCallback(async (...args: A) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await latest.current(...args);
      return true;
    } catch (thrown) {
      setError(explain(thrown));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(null), []);
  return { run, busy, error, clear };
}
