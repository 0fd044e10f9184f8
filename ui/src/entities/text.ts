import type { Collection, NamedJson } from "@/platform";

export const ONE: Record<Collection | "schedules", string> = {
  packages: "package",
  triggers: "trigger",
  rules: "rule",
  schedules: "schedule",
};

export const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

/** The text of the annotation `description`, which OpenWhisk's tools show. */
export function descriptionOf(annotations: readonly NamedJson[]): string | null {
  const value = annotations.find(({ key }) => key === "description")?.value;
  if (value === undefined) return null;
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" && text.trim() !== "" ? text : null;
  } catch {
    return null;
  }
}

/** `/namespace/name` in its two parts, or null. */
export function parseKey(text: string): { namespace: string; name: string } | null {
  const [, namespace, name] = /^\/?([^/]+)\/([^/]+)$/.exec(text.trim()) ?? [];
  return namespace === undefined || name === undefined ? null : { namespace, name };
}
