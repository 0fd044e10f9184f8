import * as v from "valibot";
import { expect, test } from "vitest";
import type { FunctionRef, Subscription, Trigger } from "@/platform";
import {
  credentialsOf,
  type TriggerForm,
  triggerFromForm,
  triggerSchema,
  triggerToForm,
} from "./trigger-form";
import { sourceParts, whatStays } from "./trigger-state";

const target: FunctionRef = { connection: "local", namespace: "n", name: "f" };
const form = (part: Partial<TriggerForm>): TriggerForm => ({ ...triggerToForm(null), ...part });

test("a form becomes the subscription of its broker, and the other way round", () => {
  for (const [part, wanted] of [
    [
      { broker: "nats", subject: "a.>" },
      { broker: "nats", subject: "a.>", queueGroup: null },
    ],
    [
      { broker: "mqtt", topics: "a/#, ,b", qos: "2" },
      { broker: "mqtt", topics: ["a/#", "b"], qos: 2 },
    ],
    [
      { broker: "rabbitmq", queue: "q", topics: "" },
      { broker: "rabbitmq", queue: "q", exchange: null, topics: [] },
    ],
  ] as const) {
    const made = triggerFromForm(target, form(part), null);
    expect(made.subscription).toEqual(wanted);
    const again = triggerToForm({ ...made, id: "1" } as Trigger);
    expect(triggerFromForm(target, again, null).subscription).toEqual(wanted);
  }
});

test("what its broker needs must be there, and only that", () => {
  const missing = (part: Partial<TriggerForm>) =>
    v.safeParse(triggerSchema, form(part)).issues?.map((issue) => issue.path?.[0]?.key) ?? [];
  expect(missing({ broker: "nats" })).toEqual(["subject"]);
  expect(missing({ broker: "mqtt", topics: " , " })).toEqual(["topics"]);
  expect(missing({ broker: "rabbitmq" })).toEqual(["queue"]);
  expect(missing({ broker: "rabbitmq", exchange: "x" })).toEqual([]);
  expect(credentialsOf("mqtt").map(({ value }) => value)).toEqual(["none", "password"]);
});

test("a trigger says what it listens to", () => {
  expect(sourceParts({ broker: "rabbitmq", queue: null, exchange: "x", topics: ["a", "b"] })).toEqual([
    { label: "exchange", names: ["x"] },
    { label: "routing keys", names: ["a", "b"] },
  ]);
});

test.each([
  [
    { broker: "nats", subject: "a", queueGroup: null },
    "token",
    "Its credential is removed from the secret store.",
  ],
  [{ broker: "nats", subject: "a", queueGroup: null }, "none", ""],
  [
    { broker: "mqtt", topics: ["a"], qos: 1 },
    "password",
    "The broker is told to forget it; if it cannot be reached, that is tried for a day. Its credential is removed from the secret store after that.",
  ],
  [{ broker: "mqtt", topics: ["a"], qos: 0 }, "none", ""],
  [
    { broker: "rabbitmq", queue: "jobs", exchange: null, topics: [] },
    "none",
    "The queue jobs stays at the broker, with its messages and bindings.",
  ],
  [{ broker: "rabbitmq", queue: null, exchange: "x", topics: [] }, "none", ""],
] as const)("says what stays of %j with %s", (subscription, credential, text) => {
  expect(whatStays({ subscription: subscription as Subscription, credential })).toBe(text);
});
