import * as v from "valibot";
import type { Connection, ConnectionDraft } from "@/platform";
import { accountTokenIn } from "./account-token";

/** A pasted curl command, or the properties file of the `wsk` CLI, says the host itself. */
export function carriesHost(key: string): boolean {
  return /^curl(\.exe)?\s/.test(key.trim()) || /^\s*APIHOST\s*=/m.test(key);
}

export function connectionSchema(editing: boolean) {
  return v.pipe(
    v.object({
      kind: v.picklist(["digitalocean", "openwhisk"]),
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
        v.check((key) => editing || key !== "", "Paste the key, or a whole curl command."),
        v.check(
          (key) => accountTokenIn(key) === null,
          "This is the API token of a whole account, and opens no namespace by itself.",
        ),
      ),
    }),
    v.forward(
      v.partialCheck(
        [["apiHost"], ["key"]],
        ({ apiHost, key }) => apiHost !== "" || key === "" || carriesHost(key),
        "Enter the API host; this key does not say it.",
      ),
      ["apiHost"],
    ),
    v.forward(
      v.partialCheck(
        [["apiHost"], ["key"]],
        ({ apiHost, key }) => !editing || apiHost !== "" || key !== "",
        "Enter the API host.",
      ),
      ["apiHost"],
    ),
  );
}

export type ConnectionForm = v.InferOutput<ReturnType<typeof connectionSchema>>;

export function toForm(connection: Connection | undefined): ConnectionForm {
  if (connection === undefined) {
    return { kind: "digitalocean", name: "", environment: "development", apiHost: "", key: "" };
  }
  return {
    kind: connection.kind === "openwhisk" ? "openwhisk" : "digitalocean",
    name: connection.name,
    environment: connection.environment,
    apiHost: connection.apiHost,
    key: "",
  };
}

/** An empty key means the stored one, which the panel takes from the secret store itself. */
export function toDraft({ key, ...rest }: ConnectionForm): ConnectionDraft {
  const trimmed = key.trim();
  return {
    ...rest,
    name: rest.name.trim(),
    apiHost: rest.apiHost.trim(),
    key: trimmed === "" ? null : trimmed,
  };
}
