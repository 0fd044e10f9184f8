import * as v from "valibot";
import { expect, test } from "vitest";
import type { FunctionRef, Trigger } from "@/platform";
import {
  credentialsOf,
  type TriggerForm,
  triggerFromForm,
  triggerSchema,
  triggerToForm,
} from "./trigger-form";
import { sourceParts } from "./trigger-state";

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
