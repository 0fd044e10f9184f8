import { useCallback, useEffect, useRef, useState } from "react";
import { api, type ConnectionDraft, type ConnectionTest } from "@/platform";
import { type Explained, explain } from "@/platform/errors";

export type TestOutcome =
  | { state: "idle" }
  | { state: "running" }
  | { state: "passed"; found: ConnectionTest }
  | { state: "failed"; error: Explained };

/** How far a failed test got: an address that answers with "who are you?" is reachable. */
export function reached(error: Explained): boolean {
  return error.code === "unauthorized" || error.code === "forbidden";
}

/** Whether the failure is about the system at the other end, rather than about what was typed or this machine. */
export function isAboutSystem(error: Explained): boolean {
  return reached(error) || ["unreachable", "timeout", "bad_reply"].includes(error.code);
}

/** One test at a time; what an older one finds is dropped, and leaving the dialog stops it. */
export function useConnectionTest() {
  const [outcome, setOutcome] = useState<TestOutcome>({ state: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const clear = useCallback(() => {
    running.current?.abort();
    running.current = null;
    setOutcome((was) => (was.state === "idle" ? was : { state: "idle" }));
  }, []);

  const run = useCallback(
    async (draft: ConnectionDraft, id: string | null): Promise<ConnectionTest | null> => {
      running.current?.abort();
      const own = new AbortController();
      running.current = own;
      setOutcome({ state: "running" });
      try {
        const found = await api.testConnection({ draft, id }, own.signal);
        if (running.current !== own) return null;
        setOutcome({ state: "passed", found });
        return found;
      } catch (thrown) {
        if (running.current === own && !own.signal.aborted)
          setOutcome({ state: "failed", error: explain(thrown) });
        return null;
      }
    },
    [],
  );

  return { outcome, run, clear };
}
