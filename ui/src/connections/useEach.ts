import { useEffect, useRef, useState } from "react";
import { type Explained, explain } from "@/platform/errors";

export interface Item {
  id: string;
  label: string;
}

export interface Progress extends Item {
  state: "waiting" | "working" | "done" | "failed";
  error: Explained | null;
  /** Instead of the usual word for what is done. */
  note?: string;
}

/** Errors that every other item would end with as well. */
const ENDING = ["secret_store_unavailable", "secret_store_locked", "shutting_down"];

/** Does the same with several things, one after the other, and tells how far it is. One that fails stops no other. */
export function useEach<T extends Item>(act: (item: T) => Promise<unknown>) {
  const [progress, setProgress] = useState<readonly Progress[] | null>(null);
  const [busy, setBusy] = useState(false);
  const left = useRef(false);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);

  /** Answers whether all of them are done. Those that were done in an earlier run are not done again. */
  async function run(items: readonly T[]): Promise<boolean> {
    if (busy) return false;
    const was = new Map(progress?.filter(({ state }) => state === "done").map((each) => [each.id, each]));
    const list: Progress[] = items.map(
      ({ id, label }) => was.get(id) ?? { id, label, state: "waiting", error: null },
    );
    const show = (at: number, change: Partial<Progress>) => {
      list[at] = { ...(list[at] as Progress), ...change };
      setProgress([...list]);
    };
    setBusy(true);
    for (const [at, item] of items.entries()) {
      if (list[at]?.state === "done") continue;
      if (left.current) return false;
      show(at, { state: "working" });
      try {
        await act(item);
        show(at, { state: "done" });
      } catch (thrown) {
        const error = explain(thrown);
        show(at, { state: "failed", error });
        if (ENDING.includes(error.code)) break;
      }
    }
    setBusy(false);
    return list.every(({ state }) => state === "done");
  }

  return { progress, busy, run, clear: () => setProgress(null) };
}
