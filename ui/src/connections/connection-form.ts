import * as v from "valibot";
import type { Connection, ConnectionDraft } from "@/platform";
import { accountTokenIn } from "./account-token";

/** A pasted curl command, or the properties file of the `wsk` CLI, says the host itself. */
export function carriesHost(key: string): boolean {
  return /^curl(\.exe)?\s/.test(key.trim()) || /^\s*APIHOST\s*=/m.test(key);
}

/** Whether one connects with a name and a secret of it, in two fields. */
export function hasUser(kind: string): boolean {
  return kind === "openfaas" || kind === "spaces";
}

export function connectionSchema(editing: boolean) {
  return v.pipe(
    v.object({
      kind: v.picklist(["digitalocean", "openwhisk", "openfaas", "spaces"]),
      name: v.pipe(
        v.string(),
        v.trim(),
        v.nonEmpty("Give it a name, for example the team or the project."),
        v.maxLength(100, "At most 100 characters."),
      ),
      environment: v.picklist(["local", "development", "staging", "production"]),
      apiHost: v.pipe(
        v.string(),
        v.trim(),
        v.regex(/^\S*$/, "An address has no spaces. A whole curl command goes into the key field."),
      ),
      key: v.pipe(
        v.string(),
        v.trim(),
        v.check(
          (key) => accountTokenIn(key) === null,
          "This is the API token of a whole account, and opens no namespace by itself.",
        ),
      ),
      user: v.pipe(v.string(), v.trim(), v.regex(/^[^:]*$/, "A user’s name has no colon.")),
    }),
    v.forward(
      v.partialCheck(
        [["kind"], ["key"]],
        ({ kind, key }) => editing || kind === "openfaas" || key !== "",
        "Paste the key, or a whole curl command.",
      ),
      ["key"],
    ),
    v.forward(
      v.partialCheck(
        [["kind"], ["apiHost"]],
        ({ kind, apiHost }) => !hasUser(kind) || apiHost !== "",
        "Enter its URL.",
      ),
      ["apiHost"],
    ),
    v.forward(
      v.partialCheck(
        [["kind"], ["apiHost"], ["key"]],
        ({ kind, apiHost, key }) => hasUser(kind) || apiHost !== "" || key === "" || carriesHost(key),
        "Enter the API host; this key does not say it.",
      ),
      ["apiHost"],
    ),
    v.forward(
      v.partialCheck(
        [["kind"], ["apiHost"], ["key"]],
        ({ kind, apiHost, key }) => hasUser(kind) || !editing || apiHost !== "" || key !== "",
        "Enter the API host.",
      ),
      ["apiHost"],
    ),
  );
}

export type ConnectionForm = v.InferOutput<ReturnType<typeof connectionSchema>>;

export function toForm(connection: Connection | undefined): ConnectionForm {
  if (connection === undefined) {
    return { kind: "digitalocean", name: "", environment: "development", apiHost: "", key: "", user: "" };
  }
  return {
    kind: connection.kind === "local" ? "digitalocean" : connection.kind,
    name: connection.name,
    environment: connection.environment,
    apiHost: connection.apiHost,
    key: "",
    user: "",
  };
}

/**
 * An empty key means the stored one, which the panel takes from the secret store itself. Of a gateway that is added it
 * is a password that is empty.
 */
export function toDraft({ key, user, ...rest }: ConnectionForm, editing: boolean): ConnectionDraft {
  const trimmed = key.trim();
  const password = rest.kind === "openfaas" && !editing;
  return {
    ...rest,
    name: rest.name.trim(),
    apiHost: rest.apiHost.trim(),
    key: trimmed === "" && !password ? null : trimmed,
    ...(hasUser(rest.kind) && { user: user.trim() }),
  };
}
