import type { FunctionRef } from "@/platform";

/** Every query key, so that invalidation and use cannot drift apart. */
export const keys = {
  overview: ["overview"] as const,
  engine: ["engine"] as const,
  queues: ["queues"] as const,
  deadLetters: ["dead-letters"] as const,
  folders: ["folders"] as const,
  runtimes: ["runtimes"] as const,
  settings: ["settings"] as const,
  secretStore: ["secret-store"] as const,
  templates: ["templates"] as const,
  tokens: ["tokens"] as const,
  connections: ["connections"] as const,
  namespaces: (connection: string) => ["namespaces", connection] as const,
  functions: (connection: string) => ["functions", connection] as const,
  function: (f: FunctionRef) => ["function", f.connection, f.namespace, f.name] as const,
  functionsOf: (connection: string) => ["function", connection] as const,
  draft: (f: FunctionRef) => ["draft", f.connection, f.namespace, f.name] as const,
  activation: (id: string) => ["activation", id] as const,
  activationsAll: ["activations"] as const,
  activations: (...rest: readonly unknown[]) => ["activations", ...rest] as const,
  recentRuns: (f: FunctionRef) => ["recent-runs", f.connection, f.namespace, f.name] as const,
  recentRunsAll: ["recent-runs"] as const,
};
