import { describe, expect, it } from "vitest";
import type { Activation } from "@/platform";
import { parts, sentence, total } from "./timing";

type Timed = Parameters<typeof sentence>[0];

const run = (timing: Partial<Activation["timing"]>, over: Partial<Timed> = {}): Timed => ({
  status: "success",
  durationMs: 10,
  cold: false,
  kind: "python:3.11",
  limits: { timeoutMs: 60_000, memoryMb: 256, logsKb: 10, concurrency: 1 },
  timing: { waitMs: null, initMs: null, runMs: null, networkMs: null, ...timing },
  ...over,
});

describe("parts", () => {
  it("come in the order in which they passed, unknown ones left out", () => {
    const list = parts(run({ waitMs: 2, runMs: 8, networkMs: 30 }));
    expect(list.map(({ key, ms }) => [key, ms])).toEqual([
      ["wait", 2],
      ["run", 8],
      ["network", 30],
    ]);
    expect(total(list)).toBe(40);
  });

  it("take the duration for the run where a provider says no more", () => {
    expect(parts(run({}, { durationMs: 12 })).map(({ key, ms }) => [key, ms])).toEqual([["run", 12]]);
  });
});

describe("the sentence", () => {
  it.each<[string, Timed]>([
    [
      "Cold start: 90 ms of 100 ms were spent starting Python.",
      run({ initMs: 90, runMs: 10 }, { cold: true }),
    ],
    ["60 ms of 100 ms passed before a worker was free.", run({ waitMs: 60, runMs: 40 })],
    ["90 ms of 100 ms passed on the way to the provider and back.", run({ runMs: 10, networkMs: 90 })],
    ["Warm start: 9 ms of 10 ms were spent in the function's own code.", run({ waitMs: 1, runMs: 9 })],
    ["It was stopped at its time limit of 1 min.", run({ runMs: 60_000 }, { status: "timed_out" })],
    ["It waits for a worker.", run({}, { status: "queued", durationMs: null })],
    ["How long it took is not known.", run({}, { durationMs: null })],
  ])("is %j", (expected, activation) => {
    expect(sentence(activation)).toBe(expected);
  });
});
