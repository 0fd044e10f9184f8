import * as v from "valibot";
import type { TokenDraft, TokenKind, TokenScope } from "@/platform";

export type ScopeType = TokenScope["type"];

interface Kind {
  value: TokenKind;
  label: string;
  /** What it reaches, the usual one first. */
  scopes: readonly [ScopeType, ...ScopeType[]];
  says: string;
}

export const KINDS: readonly Kind[] = [
  {
    value: "openwhisk",
    label: "OpenWhisk",
    scopes: ["namespace", "function"],
    says: "user:key for Basic authentication: curl, wsk, the npm client.",
  },
  {
    value: "digitalocean_key",
    label: "DigitalOcean access key",
    scopes: ["namespace"],
    says: "dof_v1_…:secret for Basic authentication, as doctl and DigitalOcean’s own namespaces have it.",
  },
  {
    value: "digitalocean",
    label: "DigitalOcean API",
    scopes: ["account", "namespace"],
    says: "dop_v1_… for Bearer authentication at /v2/functions: pydo, godo. It calls no function.",
  },
  {
    value: "openfaas",
    label: "OpenFaaS",
    scopes: ["account", "namespace"],
    says: "The password of admin for Basic authentication at /system: faas-cli login. It calls no function.",
  },
  {
    value: "spaces",
    label: "Spaces",
    scopes: ["namespace", "function", "account"],
    says: "client_id:client_secret for OAuth 2.0’s client credentials at /oauth2/token, whose tokens call /spaces.",
  },
];

export function kindOf(value: TokenKind): Kind {
  return KINDS.find((kind) => kind.value === value) ?? (KINDS[0] as Kind);
}

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
    kind: v.picklist(["openwhisk", "digitalocean_key", "digitalocean", "openfaas", "spaces"]),
    scope: v.picklist(["namespace", "function", "account"]),
    namespace: v.string(),
    function: v.string(),
    lifetime: v.picklist(LIFETIMES.map(({ value }) => value)),
  }),
  v.forward(
    v.partialCheck(
      [["scope"], ["namespace"]],
      (form) => form.scope === "account" || form.namespace !== "",
      "Choose a namespace.",
    ),
    ["namespace"],
  ),
  v.forward(
    v.partialCheck(
      [["scope"], ["function"]],
      (form) => form.scope !== "function" || form.function !== "",
      "Choose a function.",
    ),
    ["function"],
  ),
);

export type TokenForm = v.InferOutput<typeof tokenSchema>;

export function toDraft(form: TokenForm): TokenDraft {
  return {
    name: form.name,
    kind: form.kind,
    scope: toScope(form),
    expiresInSeconds: LIFETIMES.find(({ value }) => value === form.lifetime)?.seconds ?? null,
  };
}

function toScope({ scope, namespace, function: name }: TokenForm): TokenScope {
  if (scope === "account") return { type: "account" };
  return scope === "namespace" ? { type: "namespace", namespace } : { type: "function", namespace, name };
}
