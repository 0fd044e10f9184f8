import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { sampleFunctions } from "../../../tests/fixtures/samples";
import { fromForm, functionSettingsSchema, remoteSettingsSchema, toForm } from "./settings-form";

const python = sampleFunctions().find(({ function: f }) => f.name === "hello-python");
if (!python) throw new Error("the fixture has no hello-python");
const base = toForm(python);

/** The dotted paths of what is wrong. */
function problems(over: Partial<typeof base>): string[] {
  const result = v.safeParse(functionSettingsSchema, { ...base, ...over });
  return result.success ? [] : result.issues.map((issue) => v.getDotPath(issue) ?? "");
}

describe("the settings form", () => {
  it("gives back what it was filled with", () => {
    expect(problems({})).toEqual([]);
    expect(fromForm(base, python)).toEqual({
      main: python.main,
      contract: python.contract,
      settings: python.settings,
      parameters: python.parameters,
      env: python.env,
      limits: python.limits,
      web: python.web,
      lostPolicy: python.lostPolicy,
    });
  });

  it("keeps to the limits' ranges", () => {
    expect(problems({ timeoutMs: 100, memoryMb: 32, logsKb: 0, concurrency: 1 })).toEqual([]);
    expect(problems({ timeoutMs: 900_000, memoryMb: 4096, logsKb: 10_240, concurrency: 64 })).toEqual([]);
    expect(problems({ timeoutMs: 99, memoryMb: 31, logsKb: -1, concurrency: 0 })).toHaveLength(4);
    expect(problems({ timeoutMs: 900_001, memoryMb: 4097, logsKb: 10_241, concurrency: 65 })).toHaveLength(4);
    expect(problems({ timeoutMs: Number.NaN })).toEqual(["timeoutMs"]);
    expect(problems({ concurrency: 1.5 })).toEqual(["concurrency"]);
  });

  it("takes JSON for parameters, and says where it is not", () => {
    for (const value of ["1", '"text"', "null", '{"a":[]}']) {
      expect(problems({ parameters: [{ name: "p", value }] }), value).toEqual([]);
    }
    expect(problems({ parameters: [{ name: "p", value: "text" }] })).toEqual(["parameters.0.value"]);
    expect(problems({ parameters: [{ name: "", value: "1" }] })).toEqual(["parameters.0.name"]);
  });

  it("refuses names that no environment has, and the same name twice", () => {
    expect(problems({ env: [{ name: "1A", value: "" }] })).toEqual(["env.0.name"]);
    const twice = [
      { name: "A", value: "1" },
      { name: "A", value: "2" },
    ];
    expect(problems({ env: twice })).toEqual(["env.1.name"]);
  });
});

it("leaves a provider's odd schedule alone, and judges another", () => {
  const accepts = (schedule: string) =>
    v.safeParse(remoteSettingsSchema("rate(5 minutes)"), { ...base, schedule }).success;
  expect(["rate(5 minutes)", "", "*/5 * * * *", "@daily"].map(accepts)).toEqual([true, true, true, true]);
  expect(accepts("rate(6 minutes)")).toBe(false);
});
