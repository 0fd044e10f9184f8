import * as v from "valibot";
import type { CredentialKind, FunctionRef, NewTrigger, Subscription, Trigger } from "@/platform";

export type Broker = Subscription["broker"];

export const BROKERS: ReadonlyArray<{ value: Broker; label: string; server: string }> = [
  { value: "nats", label: "NATS", server: "nats://127.0.0.1:4222" },
  { value: "mqtt", label: "MQTT", server: "mqtt://127.0.0.1:1883" },
  { value: "rabbitmq", label: "RabbitMQ", server: "amqp://127.0.0.1:5672" },
];

export const CREDENTIALS: ReadonlyArray<{ value: CredentialKind; label: string; hint: string }> = [
  { value: "none", label: "None", hint: "" },
  { value: "token", label: "Token", hint: "The token." },
  { value: "password", label: "User and password", hint: "user:password" },
  { value: "nkey", label: "NKey", hint: "The seed; it begins with SU." },
  { value: "creds", label: "Credentials file", hint: "The whole text of the .creds file." },
];

/** How a broker is logged in to. */
export function credentialsOf(broker: Broker) {
  return CREDENTIALS.filter(({ value }) => broker === "nats" || value === "none" || value === "password");
}

const text = v.pipe(v.string(), v.trim());

export const triggerSchema = v.pipe(
  v.object({
    broker: v.picklist(["nats", "mqtt", "rabbitmq"]),
    name: v.pipe(v.string(), v.trim(), v.maxLength(200, "At most 200 characters.")),
    server: v.pipe(v.string(), v.trim(), v.nonEmpty("Where the broker listens: host:port.")),
    subject: v.pipe(text, v.regex(/^\S*$/, "A subject has no spaces.")),
    queueGroup: v.pipe(v.string(), v.trim(), v.regex(/^\S*$/, "A queue group has no spaces.")),
    topics: text,
    qos: v.picklist(["0", "1", "2"]),
    queue: text,
    exchange: text,
    credential: v.picklist(["none", "token", "password", "nkey", "creds"]),
    secret: v.string(),
  }),
  v.forward(
    v.check(({ broker, subject }) => broker !== "nats" || subject !== "", "The subject to listen to."),
    ["subject"],
  ),
  v.forward(
    v.check(
      ({ broker, topics }) => broker !== "mqtt" || topicsOf(topics).length > 0,
      "The topics to listen to.",
    ),
    ["topics"],
  ),
  v.forward(
    v.check(
      ({ broker, queue, exchange }) => broker !== "rabbitmq" || queue !== "" || exchange !== "",
      "A queue or an exchange is needed.",
    ),
    ["queue"],
  ),
  v.forward(
    v.check(
      ({ broker, exchange, topics }) =>
        broker !== "rabbitmq" || exchange !== "" || topicsOf(topics).length === 0,
      "Topics are of an exchange: without one they would have no effect.",
    ),
    ["topics"],
  ),
);

export type TriggerForm = v.InferOutput<typeof triggerSchema>;

export function triggerToForm(trigger: Trigger | null): TriggerForm {
  const from = trigger?.subscription;
  return {
    broker: from?.broker ?? "nats",
    name: trigger?.name ?? "",
    server: trigger?.server ?? serverOf("nats"),
    subject: from?.broker === "nats" ? from.subject : "",
    queueGroup: from?.broker === "nats" ? (from.queueGroup ?? "") : "",
    topics: from !== undefined && from.broker !== "nats" ? from.topics.join(", ") : "",
    qos: from?.broker === "mqtt" ? (`${from.qos}` as TriggerForm["qos"]) : "1",
    queue: from?.broker === "rabbitmq" ? (from.queue ?? "") : "",
    exchange: from?.broker === "rabbitmq" ? (from.exchange ?? "") : "",
    credential: trigger?.credential ?? "none",
    secret: "",
  };
}

export function triggerFromForm(target: FunctionRef, form: TriggerForm, old: Trigger | null): NewTrigger {
  return {
    name: form.name,
    function: { namespace: target.namespace, name: target.name },
    server: form.server,
    subscription: subscriptionOf(form),
    credential: form.credential,
    paused: old?.paused ?? false,
  };
}

function subscriptionOf({
  broker,
  subject,
  queueGroup,
  topics,
  qos,
  queue,
  exchange,
}: TriggerForm): Subscription {
  switch (broker) {
    case "nats":
      return { broker, subject, queueGroup: queueGroup === "" ? null : queueGroup };
    case "mqtt":
      return { broker, topics: topicsOf(topics), qos: Number(qos) };
    case "rabbitmq":
      return {
        broker,
        queue: queue === "" ? null : queue,
        exchange: exchange === "" ? null : exchange,
        topics: topicsOf(topics),
      };
  }
}

/** Topics between commas. */
export function topicsOf(text: string): string[] {
  return text
    .split(",")
    .map((topic) => topic.trim())
    .filter((topic) => topic !== "");
}

/** Where a broker listens that nobody configured. */
export function serverOf(broker: Broker): string {
  return BROKERS.find(({ value }) => value === broker)?.server ?? "";
}

/** Whether a credential must be typed: a new one, or one of another kind than the kept one. */
export function needsSecret(form: Pick<TriggerForm, "credential" | "secret">, old: Trigger | null): boolean {
  return form.credential !== "none" && form.secret === "" && old?.credential !== form.credential;
}
