import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useSidebar } from "@/app/ui-state";
import type { NamespaceOutcome } from "@/platform";
import { explain } from "@/platform/errors";
import { useAttempt } from "@/ui/useAttempt";
import type { Item, Progress } from "./useEach";

/** Connects an account's namespaces in one call, and shows what came of each. Done ones are not asked for again. */
export function useConnecting(connect: (namespaces: string[]) => Promise<readonly NamespaceOutcome[]>) {
  const client = useQueryClient();
  const choose = useSidebar((sidebar) => sidebar.choose);
  const [progress, setProgress] = useState<readonly Progress[] | null>(null);

  const { run, busy, error, clear } = useAttempt(async (items: readonly Item[], onDone: () => void) => {
    const done = progress?.filter(({ state }) => state === "done") ?? [];
    const left = items.filter(({ id }) => !done.some((each) => each.id === id));
    if (items.length > 0) {
      setProgress([...done, ...left.map((item): Progress => ({ ...item, state: "working", error: null }))]);
    }
    try {
      const outcomes = await connect(left.map(({ id }) => id));
      const all = [...done, ...outcomes.map(progressOf)];
      setProgress(all.length === 0 ? null : all);
      const made = outcomes.find(({ connection }) => connection !== null)?.connection;
      if (made) choose(made.id);
      if (all.every(({ state }) => state === "done")) onDone();
    } catch (thrown) {
      // Nothing was done: the choice is shown again, with what is wrong below it.
      setProgress(done.length === 0 ? null : [...done, ...left.map(notDone)]);
      throw thrown;
    } finally {
      await client.invalidateQueries({ queryKey: keys.accounts });
      await client.invalidateQueries({ queryKey: keys.connections });
    }
  });

  return {
    progress,
    busy,
    error,
    run,
    clear: () => {
      setProgress(null);
      clear();
    },
  };
}

function progressOf({ namespace, label, existed, error }: NamespaceOutcome): Progress {
  return {
    id: namespace,
    label: label === "" ? namespace : label,
    state: error === null ? "done" : "failed",
    error: error === null ? null : explain(error),
    note: existed ? "Has a new key" : undefined,
  };
}

function notDone(item: Item): Progress {
  return { ...item, state: "waiting", error: null };
}
