import * as v from "valibot";
import type { CredentialKind, FunctionRef, NewTrigger, Trigger } from "@/platform";

export const CREDENTIALS: ReadonlyArray<{ value: CredentialKind; label: string; hint: string }> = [
  { value: "none", label: "None", hint: "" },
  { value: "token", label: "Token", hint: "The token." },
  { value: "password", label: "User and password", hint: "user:password" },
  { value: "nkey", label: "NKey", hint: "The seed; it begins with SU." },
  { value: "creds", label: "Credentials file", hint: "The whole text of the .creds file." },
];

export const triggerSchema = v.object({
  name: v.pipe(v.string(), v.trim(), v.maxLength(200, "At most 200 characters.")),
  server: v.pipe(v.string(), v.trim(), v.nonEmpty("For example nats://127.0.0.1:4222.")),
  subject: v.pipe(
    v.string(),
    v.trim(),
    v.nonEmpty("The subject to listen to."),
    v.regex(/^\S+$/, "A subject has no spaces."),
  ),
  queueGroup: v.pipe(v.string(), v.trim(), v.regex(/^\S*$/, "A queue group has no spaces.")),
  credential: v.picklist(["none", "token", "password", "nkey", "creds"]),
  secret: v.string(),
});

export type TriggerForm = v.InferOutput<typeof triggerSchema>;

export function triggerToForm(trigger: Trigger | null): TriggerForm {
  return {
    name: trigger?.name ?? "",
    server: trigger?.server ?? "nats://127.0.0.1:4222",
    subject: trigger?.subject ?? "",
    queueGroup: trigger?.queueGroup ?? "",
    credential: trigger?.credential ?? "none",
    secret: "",
  };
}

export function triggerFromForm(target: FunctionRef, form: TriggerForm, old: Trigger | null): NewTrigger {
  const { name, server, subject, queueGroup, credential } = form;
  return {
    name,
    function: { namespace: target.namespace, name: target.name },
    server,
    subject,
    queueGroup: queueGroup === "" ? null : queueGroup,
    credential,
    paused: old?.paused ?? false,
  };
}

/** Whether a credential must be typed: a new one, or one of another kind than the kept one. */
export function needsSecret(form: Pick<TriggerForm, "credential" | "secret">, old: Trigger | null): boolean {
  return form.credential !== "none" && form.secret === "" && old?.credential !== form.credential;
}
