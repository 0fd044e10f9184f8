import type { QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import { api, type Namespace, type PanelEvent, toCallError } from "@/platform";
import { sessionEnded } from "@/platform/session";
import { keys } from "./keys";

type Listener = (event: PanelEvent) => void;
const listeners = new Set<Listener>();

/** Hears every event of the panel; `lagged` means that some were missed and everything shown must be read again. */
export function subscribeEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `subscribeEvents` for the life of a component. `listener` must be stable. */
export function usePanelEvents(listener: Listener): void {
  useEffect(() => subscribeEvents(listener), [listener]);
}

/** Whether the window hears events now; without them it shows what it last knew. */
export const useLink = create<{ state: "opening" | "open" | "lost" }>(() => ({ state: "opening" }));

/** The one place that turns events into invalidations. */
export function applyEvent(client: QueryClient, event: PanelEvent): void {
  const stale = (queryKey: readonly unknown[]) => void readAgain(client, queryKey);
  switch (event.type) {
    case "activations":
      for (const row of event.rows) {
        stale(keys.activation(row.id));
        stale(keys.recentRuns({ connection: row.connection, namespace: row.namespace, name: row.function }));
      }
      break;
    case "functions":
      void readNamespacesAgain(client, event.connection);
      stale(keys.functions(event.connection));
      stale(keys.functionsOf(event.connection));
      // A deleted function orphans what calls it.
      stale(keys.schedulesAll);
      stale(keys.triggersAll);
      break;
    case "tokens":
      stale(keys.tokens);
      break;
    case "connections":
      stale(keys.connections);
      stale(keys.accounts);
      stale(keys.overview);
      stale(keys.secretStore);
      break;
    case "engine":
      stale(keys.engine);
      stale(keys.queues);
      break;
    case "queues":
      stale(keys.queues);
      stale(keys.deadLetters);
      break;
    case "schedules":
      stale(keys.schedulesAll);
      break;
    case "triggers":
      stale(keys.triggersAll);
      stale(keys.spaceTriggersOf("local"));
      break;
    case "deliveries":
      stale(keys.deliveries());
      break;
    case "inboxes":
      stale(keys.inboxes());
      break;
    case "folders":
      stale(keys.folders);
      break;
    case "lagged":
      void client.invalidateQueries();
      break;
  }
}

/**
 * Has what is shown read again. A first read that is under way is not begun anew by an invalidation, and may have been
 * answered before the event: that one is read once more when it is over.
 */
async function readAgain(client: QueryClient, queryKey: readonly unknown[]): Promise<void> {
  const first = client
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: "fetching" })
    .filter(({ state }) => state.data === undefined);
  await client.invalidateQueries({ queryKey });
  await Promise.all(
    first.map((query) => client.invalidateQueries({ queryKey: query.queryKey, exact: true })),
  );
}

/** The namespaces of a connection, and then what is in those that are left: one that was deleted is not asked. */
async function readNamespacesAgain(client: QueryClient, connection: string): Promise<void> {
  await readAgain(client, keys.namespaces(connection));
  const left = client.getQueryData<Namespace[]>(keys.namespaces(connection));
  for (const { queryKey } of client.getQueryCache().findAll({ queryKey: keys.entitiesOf(connection) })) {
    if (!left || left.some(({ name }) => name === queryKey[2])) void readAgain(client, queryKey);
  }
}

/** Keeps the events stream open until the signal; reopens it with a growing pause. */
export async function followEvents(client: QueryClient, signal: AbortSignal): Promise<void> {
  let pause = 250;
  let lost = false;
  const opened = () => {
    pause = 250;
    if (lost) emit(client, { type: "lagged" });
    lost = false;
    useLink.setState({ state: "open" });
  };
  while (!signal.aborted && !sessionEnded()) {
    try {
      // The stream is silent until something happens, so being open is measured by a call that answers.
      const stream = api.events((event) => {
        opened();
        emit(client, event);
      }, signal);
      api.engineStatus(signal).then(opened, () => undefined);
      await stream;
    } catch (thrown) {
      if (signal.aborted || toCallError(thrown).code === "cancelled") return;
    }
    lost = true;
    useLink.setState({ state: "lost" });
    await sleep(pause, signal);
    pause = Math.min(5000, pause * 2);
  }
}

function emit(client: QueryClient, event: PanelEvent): void {
  applyEvent(client, event);
  for (const listener of listeners) listener(event);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
