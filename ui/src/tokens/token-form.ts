import * as v from "valibot";
import type { TokenDraft } from "@/platform";

export const LIFETIMES = [
  { value: "1h", label: "1 hour", seconds: 3600 },
  { value: "24h", label: "24 hours", seconds: 86_400 },
  { value: "30d", label: "30 days", seconds: 30 * 86_400 },
  { value: "never", label: "Never", seconds: null },
] as const;

export type Lifetime = (typeof LIFETIMES)[number]["value"];

export const tokenSchema = v.pipe(
  v.object({
    name: v.pipe(
      v.string(),
      v.trim(),
      v.nonEmpty("Give it a name, for example the program that will use it."),
      v.maxLength(100, "At most 100 characters."),
    ),
    scope: v.picklist(["namespace", "function"]),
    namespace: v.pipe(v.string(), v.nonEmpty("Choose a namespace.")),
    function: v.string(),
    lifetime: v.picklist(LIFETIMES.map(({ value }) => value)),
  }),
  v.forward(
    v.partialCheck(
      [["scope"], ["function"]],
      (form) => form.scope === "namespace" || form.function !== "",
      "Choose a function.",
    ),
    ["function"],
  ),
);

export type TokenForm = v.InferOutput<typeof tokenSchema>;

export function toDraft(form: TokenForm): TokenDraft {
  const { name, namespace } = form;
  return {
    name,
    kind: "openwhisk",
    scope:
      form.scope === "namespace"
        ? { type: "namespace", namespace }
        : { type: "function", namespace, name: form.function },
    expiresInSeconds: LIFETIMES.find(({ value }) => value === form.lifetime)?.seconds ?? null,
  };
}
