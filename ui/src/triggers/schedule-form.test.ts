import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { localTimeText, scheduleFromForm, scheduleSchema, scheduleToForm } from "./schedule-form";
import { needsSecret } from "./trigger-form";
import { countsText } from "./trigger-state";

const target = { connection: "local", namespace: "playground", name: "hello" };

describe("the schedule form", () => {
  it("begins as a schedule that can be saved", () => {
    const form = scheduleToForm(null);
    expect(v.safeParse(scheduleSchema, form).success).toBe(true);
    expect(scheduleFromForm(target, { ...form, arguments: " " })).toMatchObject({
      function: { namespace: "playground", name: "hello" },
      arguments: "{}",
      missed: "skip",
      enabled: true,
    });
  });

  it("takes an object for arguments and nothing else", () => {
    const wrong = (text: string) =>
      !v.safeParse(scheduleSchema, { ...scheduleToForm(null), arguments: text }).success;
    expect([wrong('{"a":1}'), wrong(""), wrong("[1]"), wrong("{a:1}"), wrong('"x"')]).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it("shows times on the zone's own clock", () => {
    expect(localTimeText("2026-11-21T08:00:00+01:00")).toBe("Sat, 21 Nov 2026, 08:00:00 (+01:00)");
    expect(localTimeText("2026-11-21T08:00:00Z")).toContain("(UTC)");
  });
});

describe("triggers", () => {
  it("ask for a credential only where none is kept", () => {
    const kept = { credential: "token" } as Parameters<typeof needsSecret>[1];
    expect(needsSecret({ credential: "token", secret: "" }, kept)).toBe(false);
    expect(needsSecret({ credential: "nkey", secret: "" }, kept)).toBe(true);
    expect(needsSecret({ credential: "none", secret: "" }, null)).toBe(false);
  });

  it("say what they did", () => {
    const counts = {
      received: 1200,
      succeeded: 1199,
      failed: 1,
      retried: 0,
      dropped: 0,
      inFlight: 0,
      lastMessage: null,
    };
    expect(countsText(counts)).toBe("1 200 received · 1 199 succeeded · 1 failed");
  });
});
