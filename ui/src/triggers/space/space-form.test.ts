import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { SpaceTrigger } from "@/platform";
import { HEAT } from "../../../tests/fixtures/space-triggers";
import { fromForm, needsPassword, spaceTriggerSchema, toForm } from "./space-form";
import { brokerText, shortUrl, sourceParts, triggerName } from "./space-words";

const JOBS: SpaceTrigger = {
  ...HEAT,
  description: "",
  source: {
    type: "rabbitmq",
    broker: { host: "::1", port: 5671, username: null },
    exchange: "amq.topic",
    queue: "jobs",
    topics: ["orders.*"],
  },
  callbackUrl: null,
};
const CRON: SpaceTrigger = { ...HEAT, source: { type: "cron" }, callbackUrl: null };

/** The dotted paths of what is wrong. */
function problems(of: SpaceTrigger, over: object): string[] {
  const result = v.safeParse(spaceTriggerSchema, { ...toForm(of), ...over });
  return result.success ? [] : result.issues.map((issue) => v.getDotPath(issue) ?? "").sort();
}

describe("the form of a space's trigger", () => {
  it("gives back what it was filled with, but no password", () => {
    for (const trigger of [HEAT, JOBS, CRON]) {
      const form = v.parse(spaceTriggerSchema, toForm(trigger));
      const { description, source, callbackUrl } = trigger;
      expect(fromForm(form)).toEqual({ description, source, callbackUrl });
      expect(form.password).toBe("");
    }
    const unsaid = { ...HEAT, source: { ...HEAT.source, qos: null } } as SpaceTrigger;
    expect(fromForm(toForm(unsaid)).source).toEqual(unsaid.source);
  });

  it("says what is missing or cannot be, all of it at once", () => {
    expect(problems(HEAT, { host: "", topics: " , " })).toEqual(["host", "topics"]);
    expect(problems(HEAT, { host: "ann:pass@broker" })).toEqual(["host"]);
    for (const port of ["0", "65536", "x", "1.5", "-1"]) {
      expect(problems(HEAT, { port }), port).toEqual(["port"]);
    }
    expect(problems(HEAT, { port: "", username: "", password: "p" })).toEqual(["username"]);
    // What a type does not show is no problem of it.
    const hidden = { host: "ann@broker", port: "x", callbackUrl: "ftp://a" };
    expect(problems(CRON, hidden)).toEqual([]);
    expect(problems(HEAT, { callbackUrl: "ftp://a" })).toEqual(["callbackUrl"]);
    expect(problems(JOBS, { queue: "", exchange: "" })).toEqual(["queue", "topics"]);
    // Of a clock nothing of a broker is asked.
    expect(problems(CRON, { host: "", topics: "" })).toEqual([]);
  });

  it("knows when the password that is kept is for something else", () => {
    const form = toForm(HEAT);
    expect(needsPassword(form, HEAT)).toBe(false);
    expect(needsPassword({ ...form, host: "other" }, HEAT)).toBe(true);
    expect(needsPassword({ ...form, port: "" }, HEAT)).toBe(true);
    expect(needsPassword({ ...form, username: "bob" }, HEAT)).toBe(true);
    expect(needsPassword({ ...form, username: "" }, HEAT)).toBe(false);
    expect(needsPassword({ ...form, host: "other" }, undefined)).toBe(false);
  });
});

describe("the words of a space's trigger", () => {
  it("say what it listens to, and where", () => {
    expect(sourceParts(HEAT.source)).toEqual([
      { label: "", names: ["rooms/+/heat", "boiler"] },
      { label: "QoS", names: ["1"] },
    ]);
    expect(sourceParts(JOBS.source).map(({ label }) => label)).toEqual(["queue", "exchange", "routing keys"]);
    expect(brokerText({ host: "broker", port: null, username: "ann" })).toBe("ann at broker");
    expect(brokerText({ host: "::1", port: 5671, username: null })).toBe("[::1]:5671");
    expect(brokerText({ host: "mqtts://broker", port: 8883, username: null })).toBe("mqtts://broker:8883");
  });

  it("call it by its description, or by what it listens to", () => {
    expect(triggerName(HEAT)).toBe("MQTT trigger, heating");
    expect(triggerName(JOBS)).toBe("RabbitMQ trigger, jobs");
    expect(triggerName({ source: { type: "cron" }, description: "" })).toBe("Cron trigger");
    expect(triggerName({ ...HEAT, description: "x".repeat(100) })).toBe(`MQTT trigger, ${"x".repeat(60)}…`);
    expect(triggerName({ source: { type: "other", name: "" }, description: "" })).toBe(
      "Unknown type trigger",
    );
  });

  it("leave out what may be a secret of a URL", () => {
    expect(shortUrl("https://ann:s3cr3t@told.local/heat?token=s3cr3t#x")).toBe("https://told.local/heat");
    expect(shortUrl("nothing")).toBe("a URL");
  });
});
