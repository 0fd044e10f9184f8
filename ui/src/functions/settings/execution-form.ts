import * as v from "valibot";
import type { Destination, ExecutionSettings } from "@/platform";

/** A number that may be left out: an empty field is "the default". */
const optional = (min: number, max: number, unit: string) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.check((text) => text === "" || /^\d+$/.test(text), `A whole number of ${unit}, or nothing.`),
    v.check((text) => text === "" || Number(text) >= min, `At least ${min}.`),
    v.check((text) => text === "" || Number(text) <= max, `At most ${max}.`),
  );

const codes = v.pipe(
  v.string(),
  v.check(
    (text) => splitList(text).every((code) => /^[1-5]\d\d$/.test(code)),
    "Status codes, separated by commas: 429, 500, 503.",
  ),
);

const domains = v.pipe(
  v.string(),
  v.check(
    (text) => splitList(text).every((name) => /^[A-Za-z0-9.-]+$/.test(name)),
    "Host names without a scheme, a port or a path.",
  ),
);

export const DESTINATION_KINDS = ["none", "notification", "queue", "stream", "http", "nats"] as const;

const destination = v.pipe(
  v.object({
    kind: v.picklist(DESTINATION_KINDS),
    /** Topic, queue, stream, URL or server. */
    first: v.pipe(v.string(), v.trim()),
    /** Channel or subject. */
    second: v.pipe(v.string(), v.trim()),
  }),
  v.forward(
    v.check(({ kind, first }) => kind === "none" || first !== "", "Say where to."),
    ["first"],
  ),
  v.forward(
    v.check(({ kind, first }) => kind !== "http" || /^https?:\/\/\S+$/.test(first), "An http or https URL."),
    ["first"],
  ),
  v.forward(
    v.check(({ kind, second }) => kind !== "nats" || second !== "", "The subject."),
    ["second"],
  ),
);

export type DestinationForm = v.InferOutput<typeof destination>;

export const executionSchema = v.pipe(
  v.object({
    minWorkers: optional(0, 64, "workers"),
    runsPerWorker: optional(1, 100, "runs"),
    idleTimeoutS: optional(1, 86_400, "seconds"),
    detachedTimeoutS: optional(5, 3600, "seconds"),
    noNetwork: v.boolean(),
    installScripts: v.boolean(),
    attempts: optional(1, 100, "attempts"),
    codes,
    minWaitS: optional(0, 86_400, "seconds"),
    maxWaitS: optional(0, 86_400, "seconds"),
    jitter: v.picklist(["none", "full", "equal"]),
    domains,
    onSuccess: destination,
    onFailure: destination,
    process: v.pipe(v.string(), v.trim()),
    execTimeoutMs: optional(0, 900_000, "milliseconds"),
    readTimeoutMs: optional(0, 900_000, "milliseconds"),
    writeTimeoutMs: optional(0, 900_000, "milliseconds"),
    maxInflight: optional(0, 100_000, "runs"),
    port: optional(1, 65_535, "a port"),
    contentType: v.pipe(v.string(), v.trim()),
    combineOutput: v.boolean(),
  }),
  v.forward(
    v.check(
      ({ minWaitS, maxWaitS }) => Number(minWaitS || 0) <= Number(maxWaitS || 0),
      "Not shorter than the shortest.",
    ),
    ["maxWaitS"],
  ),
);

export type ExecutionForm = v.InferOutput<typeof executionSchema>;

const text = (value: number | null): string => (value === null || value === 0 ? "" : String(value));
/** Of a time-out that has a default, 0 is a value: none. */
const exact = (value: number | null): string => (value === null ? "" : String(value));
const number = (value: string): number => (value === "" ? 0 : Number(value));
const orNull = (value: string): number | null => (value === "" ? null : Number(value));

export function splitList(value: string): string[] {
  return value.split(/[\s,;]+/).filter((part) => part !== "");
}

export function executionToForm(settings: ExecutionSettings): ExecutionForm {
  const { watchdog, retry } = settings;
  return {
    minWorkers: text(settings.minWorkers),
    runsPerWorker: text(settings.runsPerWorker),
    idleTimeoutS: text(settings.idleTimeoutS),
    detachedTimeoutS: text(settings.detachedTimeoutS),
    noNetwork: settings.noNetwork,
    installScripts: settings.installScripts,
    attempts: String(retry.attempts),
    codes: retry.codes.join(", "),
    minWaitS: String(retry.minWaitS),
    maxWaitS: String(retry.maxWaitS),
    jitter: retry.jitter,
    domains: settings.domains.join("\n"),
    onSuccess: destinationToForm(settings.onSuccess),
    onFailure: destinationToForm(settings.onFailure),
    process: watchdog.process ?? "",
    execTimeoutMs: exact(watchdog.execTimeoutMs),
    readTimeoutMs: exact(watchdog.readTimeoutMs),
    writeTimeoutMs: exact(watchdog.writeTimeoutMs),
    maxInflight: text(watchdog.maxInflight),
    port: text(watchdog.port),
    contentType: watchdog.contentType ?? "",
    combineOutput: watchdog.combineOutput ?? true,
  };
}

/** On top of what was read, so that a field that this form does not know stays what it is. */
export function executionFromForm(form: ExecutionForm, base: ExecutionSettings): ExecutionSettings {
  return {
    ...base,
    minWorkers: number(form.minWorkers),
    runsPerWorker: number(form.runsPerWorker),
    idleTimeoutS: orNull(form.idleTimeoutS),
    detachedTimeoutS: orNull(form.detachedTimeoutS),
    noNetwork: form.noNetwork,
    installScripts: form.installScripts,
    retry: {
      attempts: form.attempts === "" ? 1 : Number(form.attempts),
      codes: splitList(form.codes).map(Number),
      minWaitS: number(form.minWaitS),
      maxWaitS: number(form.maxWaitS),
      jitter: form.jitter,
    },
    domains: splitList(form.domains),
    onSuccess: destinationFromForm(form.onSuccess),
    onFailure: destinationFromForm(form.onFailure),
    watchdog: {
      ...base.watchdog,
      process: form.process === "" ? null : form.process,
      execTimeoutMs: orNull(form.execTimeoutMs),
      readTimeoutMs: orNull(form.readTimeoutMs),
      writeTimeoutMs: orNull(form.writeTimeoutMs),
      maxInflight: number(form.maxInflight),
      port: orNull(form.port),
      contentType: form.contentType === "" ? null : form.contentType,
      // Unset is "on"; it is written down only where somebody switched it off, or had set it before.
      combineOutput: form.combineOutput && base.watchdog.combineOutput === null ? null : form.combineOutput,
    },
  };
}

export function destinationToForm(found: Destination | null): DestinationForm {
  switch (found?.kind) {
    case undefined:
      return { kind: "none", first: "", second: "" };
    case "notification":
      return { kind: "notification", first: found.topic, second: "" };
    case "queue":
      return { kind: "queue", first: found.queue, second: found.channel ?? "" };
    case "stream":
      return { kind: "stream", first: found.stream, second: "" };
    case "http":
      return { kind: "http", first: found.url, second: "" };
    case "nats":
      return { kind: "nats", first: found.server, second: found.subject };
  }
}

export function destinationFromForm({ kind, first, second }: DestinationForm): Destination | null {
  switch (kind) {
    case "none":
      return null;
    case "notification":
      return { kind, topic: first };
    case "queue":
      return { kind, queue: first, channel: second === "" ? null : second };
    case "stream":
      return { kind, stream: first };
    case "http":
      return { kind, url: first };
    case "nats":
      return { kind, server: first, subject: second };
  }
}
