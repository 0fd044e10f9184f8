import { queryOptions, useQuery } from "@tanstack/react-query";
import { type ActivationSummary, api, type FunctionRef, type Readiness } from "@/platform";
import { isPending } from "@/ui/StatusBadge";
import { keys } from "./keys";

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: ({ signal }) => api.overview(signal),
});
export const useOverview = () => useQuery(overviewQuery);

export const useEngine = () =>
  useQuery({
    queryKey: keys.engine,
    queryFn: ({ signal }) => api.engineStatus(signal),
    // Workers idle out without an event of their own.
    refetchInterval: 15_000,
  });

export const useConnections = ({ live = false } = {}) =>
  useQuery({
    queryKey: keys.connections,
    queryFn: ({ signal }) => api.connections(signal),
    // When runs are read is told by no event.
    refetchInterval: live ? 10_000 : false,
  });

export const useAccounts = () =>
  useQuery({ queryKey: keys.accounts, queryFn: ({ signal }) => api.accounts(signal) });

/** What the system behind a connection has; `undefined` while that is not known. */
export const useCapabilities = (connection: string) =>
  useConnections().data?.find(({ id }) => id === connection)?.capabilities;

/** Whether a run that is not over can be stopped from here. A call whose answer is waited for can be given up anywhere;
 *  what a provider has accepted, not every one takes back. */
export function useCancels(run: Pick<ActivationSummary, "connection" | "status"> | undefined): boolean {
  const cancels = useCapabilities(run?.connection ?? "")?.cancels === true;
  return run !== undefined && isPending(run.status) && (cancels || run.status === "running");
}

/** Whether a mistake there hurts: such a connection is marked red. */
export const useProduction = (connection: string) =>
  useConnections().data?.find(({ id }) => id === connection)?.environment === "production";

export const useKinds = (connection: string, enabled = true) =>
  useQuery({
    queryKey: keys.kinds(connection),
    enabled,
    queryFn: ({ signal }) => api.kinds({ connection }, signal),
    staleTime: 600_000,
    retry: false,
  });

export const useNamespaces = (connection: string, enabled = true) =>
  useQuery({
    queryKey: keys.namespaces(connection),
    queryFn: ({ signal }) => api.namespaces({ connection }, signal),
    enabled,
  });

export const useFunctions = (connection: string, enabled = true) =>
  useQuery({
    queryKey: keys.functions(connection),
    queryFn: ({ signal }) => api.functions({ connection }, signal),
    enabled,
    refetchInterval: ({ state }) => whileOnItsWay(state.data ?? []),
  });

export const useFunction = (f: FunctionRef) =>
  useQuery({
    queryKey: keys.function(f),
    queryFn: ({ signal }) => api.function({ function: f }, signal),
    refetchInterval: ({ state }) => whileOnItsWay(state.data ? [state.data] : []),
  });

/** A provider tells of no change: what is on its way there is asked for until it has arrived. */
function whileOnItsWay(functions: readonly { readiness: Readiness | null }[]): number | false {
  return functions.some(({ readiness }) => isOnItsWay(readiness)) ? 2_000 : false;
}

function isOnItsWay(readiness: Readiness | null): boolean {
  if (readiness === null) return false;
  const { state, replicas, availableReplicas } = readiness;
  if (state === "pending" || state === "building") return true;
  return state === "running" && availableReplicas < replicas;
}

/** The packages, triggers and rules of a namespace. */
export const useEntities = (connection: string, namespace: string, enabled = true) =>
  useQuery({
    queryKey: keys.entities(connection, namespace),
    queryFn: ({ signal }) => api.entities({ connection, namespace }, signal),
    enabled,
  });

export const useTemplates = (enabled = true) =>
  useQuery({ queryKey: keys.templates, queryFn: ({ signal }) => api.templates(signal), enabled });

/** The handler contracts that functions can follow here. */
export const useHandlers = () =>
  useQuery({ queryKey: keys.handlers, queryFn: ({ signal }) => api.handlers(signal) });

export const useTokens = () =>
  useQuery({ queryKey: keys.tokens, queryFn: ({ signal }) => api.tokens(signal) });

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: ({ signal }) => api.settings(signal),
});
export const useSettings = () => useQuery(settingsQuery);

export const useRuntimes = () =>
  useQuery({ queryKey: keys.runtimes, queryFn: ({ signal }) => api.runtimes(signal) });

export const useSecretStore = () =>
  useQuery({ queryKey: keys.secretStore, queryFn: ({ signal }) => api.secretStore(signal) });

export const useActivation = (id: string | null) =>
  useQuery({
    queryKey: keys.activation(id ?? ""),
    queryFn: ({ signal }) => api.activation({ id: id ?? "" }, signal),
    enabled: id !== null && id !== "",
  });

/** The schedules of a function. What is due has passed without an event when nothing came of it, so it is asked again. */
export const useSchedules = (f: FunctionRef) =>
  useQuery({
    queryKey: keys.schedules(f),
    queryFn: ({ signal }) => api.schedules({ function: f }, signal),
    refetchInterval: 30_000,
  });

export const useTriggers = (f: FunctionRef) =>
  useQuery({ queryKey: keys.triggers(f), queryFn: ({ signal }) => api.triggers({ function: f }, signal) });

/** How a local function's folder is getting on; null when its code does not come from one. */
export const useFolder = (f: FunctionRef) =>
  useQuery({
    queryKey: keys.folder(f),
    queryFn: ({ signal }) => api.folderState({ function: f }, signal),
    enabled: f.connection === "local",
  });

/** What calls functions of an account's namespace by the clock, at the provider. */
export const useScheduledTriggers = (connection: string, { enabled = true, live = false } = {}) =>
  useQuery({
    queryKey: keys.scheduledTriggers(connection),
    queryFn: ({ signal }) => api.scheduledTriggers({ connection }, signal),
    enabled,
    // They fire, and others change them, without an event here.
    staleTime: 0,
    refetchInterval: live && 60_000,
  });

/** What calls the functions of a namespace that ask for it in their options. */
export const useSpaceTriggers = (connection: string, namespace: string, enabled = true) =>
  useQuery({
    queryKey: keys.spaceTriggers(connection, namespace),
    queryFn: ({ signal }) => api.spaceTriggers({ connection, namespace }, signal),
    enabled,
    refetchInterval: ({ state }) => {
      if (connection === "local") return false;
      // A provider tells of no change: of what is on its way it is asked soon, and a broker may come back or go later.
      const pending = state.data?.some(({ status }) => status === "pending") === true;
      return pending ? 2_000 : 30_000;
    },
  });

/** The newest runs of one function, newest first. */
export const useRecentRuns = (f: FunctionRef, limit: number) =>
  useQuery({
    queryKey: keys.recentRuns(f),
    queryFn: async ({ signal }) => (await api.activations({ filter: scopeFilter(f), limit }, signal)).rows,
  });

/** The filter text that selects one function's runs. */
export function scopeFilter(f: FunctionRef): string {
  return `conn:${quoteTerm(f.connection)} ns:${quoteTerm(f.namespace)} fn:${quoteTerm(f.name)}`;
}

/** A value of the filter grammar; it has no escape, and names cannot hold a quote. */
export function quoteTerm(value: string): string {
  return /^[\w@.&/-]+$/.test(value) ? value : `"${value.replaceAll('"', "")}"`;
}
