import * as v from "valibot";
import { expect, it } from "vitest";
import { fromForm, portNote, settingsSchema, toForm } from "./settings-form";

const GOOD_SETTINGS = {
  blockingLimitMs: 30_000,
  retentionHours: 720,
  gatewayPort: 6464,
  spacesBodyMb: 10,
  notifyAfterS: null,
};

it("shows seconds and days, and sends milliseconds and hours", () => {
  const settings = {
    blockingLimitMs: 2_500,
    retentionHours: 100,
    gatewayPort: 6464,
    spacesBodyMb: 20,
    notifyAfterS: null,
    quota: null,
  };
  expect(toForm(settings)).toMatchObject({ blockingSeconds: 2.5, gatewayPort: 6464 });
  expect(fromForm(toForm(settings), settings)).toEqual(settings);
});

it("keeps what it does not show", () => {
  const settings = { ...GOOD_SETTINGS, engineMemoryMb: 4096 };
  expect(fromForm(toForm(settings), settings)).toMatchObject({ engineMemoryMb: 4096 });
});

it.each([
  ["none", null],
  ["digitalocean", { invocationsPerMinute: 600, concurrentInvocations: 120, firesPerMinute: 60 }],
  ["custom", { invocationsPerMinute: 600, concurrentInvocations: 120, firesPerMinute: 61 }],
])("knows the rate limits of %s by their numbers", (quota, numbers) => {
  const settings = { ...GOOD_SETTINGS, quota: numbers };
  expect(toForm(settings).quota).toBe(quota);
  expect(fromForm(toForm(settings), settings).quota).toEqual(numbers);
});

it("asks for the numbers of rate limits only where they count", () => {
  const form = { ...toForm(GOOD_SETTINGS), firesPerMinute: Number.NaN };
  expect(v.safeParse(settingsSchema, form).success).toBe(true);
  const result = v.safeParse(settingsSchema, { ...form, quota: "custom" });
  expect(result.issues?.map((issue) => issue.path?.[0]?.key)).toEqual(["firesPerMinute"]);
});

it.each([
  [{ blockingSeconds: 0.5 }, "blockingSeconds"],
  [{ blockingSeconds: 901 }, "blockingSeconds"],
  [{ blockingSeconds: Number.NaN }, "blockingSeconds"],
  [{ retentionDays: 2.9 }, "retentionDays"],
  [{ retentionDays: 366 }, "retentionDays"],
  [{ gatewayPort: 80 }, "gatewayPort"],
  [{ gatewayPort: 65_536 }, "gatewayPort"],
  [{ gatewayPort: 6464.5 }, "gatewayPort"],
  [{ spacesBodyMb: 0 }, "spacesBodyMb"],
  [{ spacesBodyMb: 101 }, "spacesBodyMb"],
])("refuses %j at its field", (change, field) => {
  const good = toForm(GOOD_SETTINGS);
  expect(v.safeParse(settingsSchema, good).success).toBe(true);
  const result = v.safeParse(settingsSchema, { ...good, ...change });
  expect(result.issues?.map((issue) => issue.path?.[0]?.key)).toEqual([field]);
});

it("says when a saved port waits for the next start", () => {
  expect(portNote("http://127.0.0.1:6464", 6464)).toBe("A change is used from the next start on.");
  expect(portNote("http://127.0.0.1:6464", 646)).toContain("646 is used from the next start on");
  expect(portNote(null, 7000)).toBe("A change is used from the next start on.");
});
