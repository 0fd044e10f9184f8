import * as v from "valibot";
import { expect, it } from "vitest";
import { fromForm, portNote, settingsSchema, toForm } from "./settings-form";

it("shows seconds and days, and sends milliseconds and hours", () => {
  const settings = { blockingLimitMs: 2_500, retentionHours: 100, gatewayPort: 6464 };
  expect(toForm(settings)).toMatchObject({ blockingSeconds: 2.5, gatewayPort: 6464 });
  expect(fromForm(toForm(settings))).toEqual(settings);
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
])("refuses %j at its field", (change, field) => {
  const good = { blockingSeconds: 30, retentionDays: 30, gatewayPort: 6464 };
  expect(v.safeParse(settingsSchema, good).success).toBe(true);
  const result = v.safeParse(settingsSchema, { ...good, ...change });
  expect(result.issues?.map((issue) => issue.path?.[0]?.key)).toEqual([field]);
});

it("says when a saved port waits for the next start", () => {
  expect(portNote("http://127.0.0.1:6464", 6464)).toBe("A change is used from the next start on.");
  expect(portNote("http://127.0.0.1:6464", 646)).toContain("646 is used from the next start on");
  expect(portNote(null, 7000)).toBe("A change is used from the next start on.");
});
