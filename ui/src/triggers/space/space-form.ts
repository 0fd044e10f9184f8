import * as v from "valibot";
import type { NewSpaceTrigger, SpaceBroker, SpaceTrigger, SpaceTriggerSource } from "@/platform";
import { topicsOf } from "../trigger-form";

/** The types that can be made here. */
export type SpaceKind = Exclude<SpaceTriggerSource["type"], "other">;

export const KINDS: ReadonlyArray<{ value: SpaceKind; label: string; does: string }> = [
  { value: "cron", label: "Cron", does: "Calls functions that have a schedule, each at its own times." },
  {
    value: "mqtt",
    label: "MQTT",
    does: "Calls functions for messages of an MQTT broker, each for its own topics.",
  },
  {
    value: "rabbitmq",
    label: "RabbitMQ",
    does: "Calls functions for messages of RabbitMQ, each for its own topics.",
  },
];

const text = v.pipe(v.string(), v.trim());
const isBroker = ({ type }: { type: SpaceKind }) => type !== "cron";

export const spaceTriggerSchema = v.pipe(
  v.object({
    type: v.picklist(["cron", "mqtt", "rabbitmq"]),
    description: v.pipe(text, v.maxLength(1_000, "At most 1 000 characters.")),
    host: text,
    port: text,
    username: text,
    password: v.string(),
    topics: text,
    qos: v.picklist(["", "0", "1", "2"]),
    exchange: text,
    queue: text,
    callbackUrl: text,
  }),
  // What is not shown for a type stays as it was typed, and is no problem.
  v.forward(
    v.partialCheck(
      [["type"], ["host"]],
      (form) => !isBroker(form) || /^[^\s@]*$/.test(form.host),
      "A name or an address alone: the user has a field of its own.",
    ),
    ["host"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["port"]],
      (form) => !isBroker(form) || form.port === "" || isPort(form.port),
      "1 to 65 535, or empty.",
    ),
    ["port"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["callbackUrl"]],
      (form) => !isBroker(form) || /^(https?:\/\/\S+)?$/i.test(form.callbackUrl),
      "It begins with http:// or https://.",
    ),
    ["callbackUrl"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["host"]],
      (form) => !isBroker(form) || form.host !== "",
      "Where the broker is: a name or an address.",
    ),
    ["host"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["username"], ["password"]],
      (form) => !isBroker(form) || form.password === "" || form.username !== "",
      "Whose password it is.",
    ),
    ["username"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["topics"]],
      ({ type, topics }) => type !== "mqtt" || topicsOf(topics).length > 0,
      "The topics to listen to.",
    ),
    ["topics"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["queue"], ["exchange"]],
      ({ type, queue, exchange }) => type !== "rabbitmq" || queue !== "" || exchange !== "",
      "A queue or an exchange is needed.",
    ),
    ["queue"],
  ),
  v.forward(
    v.partialCheck(
      [["type"], ["exchange"], ["topics"]],
      ({ type, exchange, topics }) => type !== "rabbitmq" || exchange !== "" || topicsOf(topics).length === 0,
      "They are of an exchange: without one they would have no effect.",
    ),
    ["topics"],
  ),
);

export type SpaceTriggerForm = v.InferOutput<typeof spaceTriggerSchema>;

function isPort(text: string): boolean {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535;
}

/** `old` is of a type that can be changed here. */
export function toForm(old: SpaceTrigger | undefined): SpaceTriggerForm {
  const from = old?.source;
  const broker = from === undefined ? undefined : brokerOf(from);
  return {
    type: from === undefined || from.type === "other" ? "cron" : from.type,
    description: old?.description ?? "",
    host: broker?.host ?? "",
    port: broker?.port?.toString() ?? "",
    username: broker?.username ?? "",
    password: "",
    topics: from?.type === "mqtt" || from?.type === "rabbitmq" ? from.topics.join(", ") : "",
    qos: from?.type === "mqtt" ? (`${from.qos ?? ""}` as SpaceTriggerForm["qos"]) : "",
    exchange: from?.type === "rabbitmq" ? (from.exchange ?? "") : "",
    queue: from?.type === "rabbitmq" ? (from.queue ?? "") : "",
    callbackUrl: old?.callbackUrl ?? "",
  };
}

export function fromForm(form: SpaceTriggerForm): NewSpaceTrigger {
  return {
    description: form.description,
    source: sourceOf(form),
    callbackUrl: orNull(form.callbackUrl),
  };
}

function sourceOf(form: SpaceTriggerForm): SpaceTriggerSource {
  const { type, topics, qos, exchange, queue } = form;
  const broker: SpaceBroker = {
    host: form.host,
    port: form.port === "" ? null : Number(form.port),
    username: orNull(form.username),
  };
  switch (type) {
    case "cron":
      return { type };
    case "mqtt":
      return { type, broker, topics: topicsOf(topics), qos: qos === "" ? null : Number(qos) };
    case "rabbitmq":
      return {
        type,
        broker,
        exchange: orNull(exchange),
        queue: orNull(queue),
        topics: topicsOf(topics),
      };
  }
}

/** Whether the password that is kept is not for what the form says: it goes to no other broker and stands for no other user. */
export function needsPassword(
  form: Pick<SpaceTriggerForm, "host" | "port" | "username">,
  old: SpaceTrigger | undefined,
): boolean {
  const before = old === undefined ? undefined : brokerOf(old.source);
  if (before === undefined) return false;
  return (
    form.username.trim() !== "" &&
    (form.host.trim() !== before.host ||
      form.port.trim() !== (before.port?.toString() ?? "") ||
      form.username.trim() !== (before.username ?? ""))
  );
}

function brokerOf(source: SpaceTriggerSource): SpaceBroker | undefined {
  return source.type === "mqtt" || source.type === "rabbitmq" ? source.broker : undefined;
}

const orNull = (text: string) => (text === "" ? null : text);
