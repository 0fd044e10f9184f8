import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { EXECUTION } from "../../../tests/fixtures/samples";
import { executionFromForm, executionSchema, executionToForm } from "./execution-form";

const base = executionToForm(EXECUTION);

function problems(over: Partial<typeof base>): string[] {
  const result = v.safeParse(executionSchema, { ...base, ...over });
  return result.success ? [] : result.issues.map((issue) => v.getDotPath(issue) ?? "");
}

describe("the execution settings", () => {
  it("are what they were when nothing is changed", () => {
    expect(problems({})).toEqual([]);
    expect(executionFromForm(base, EXECUTION)).toEqual(EXECUTION);
    const never = { ...EXECUTION, watchdog: { ...EXECUTION.watchdog, readTimeoutMs: 0, execTimeoutMs: 0 } };
    expect(executionFromForm(executionToForm(never), never)).toEqual(never);
    const folder = { path: "/home/ada/hello", watch: true };
    expect(executionFromForm(base, { ...EXECUTION, folder }).folder).toEqual(folder);
  });

  it("keep to their ranges, and may be empty", () => {
    expect(problems({ idleTimeoutS: "", detachedTimeoutS: "5", runsPerWorker: "100" })).toEqual([]);
    expect(problems({ detachedTimeoutS: "4" })).toEqual(["detachedTimeoutS"]);
    expect(problems({ minWorkers: "1.5" })).toContain("minWorkers");
    expect(problems({ codes: "429, teapot" })).toEqual(["codes"]);
    expect(problems({ minWaitS: "30", maxWaitS: "10" })).toEqual(["maxWaitS"]);
    expect(problems({ domains: "http://x" })).toEqual(["domains"]);
  });

  it("ask where a destination is", () => {
    expect(problems({ onFailure: { kind: "queue", first: "", second: "" } })).toEqual(["onFailure.first"]);
    expect(problems({ onSuccess: { kind: "http", first: "ftp://x", second: "" } })).toEqual([
      "onSuccess.first",
    ]);
    expect(problems({ onSuccess: { kind: "nats", first: "nats://h:1", second: "" } })).toEqual([
      "onSuccess.second",
    ]);
    const form = { ...base, onFailure: { kind: "queue" as const, first: "failed", second: "" } };
    expect(executionFromForm(form, EXECUTION).onFailure).toEqual({
      kind: "queue",
      queue: "failed",
      channel: null,
    });
  });
});
