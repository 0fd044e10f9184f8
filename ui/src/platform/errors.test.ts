import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "./bindings";
import { CallError } from "./call-error";
import { explain } from "./errors";

/** The codes as the generated client declares them, so that a new one cannot be forgotten here. */
function declaredCodes(): ErrorCode[] {
  const source = readFileSync("src/platform/bindings.ts", "utf8");
  const union = /export type ErrorCode = ([^;]+);/.exec(source)?.[1] ?? "";
  return union.split("|").map((word) => word.trim().slice(1, -1) as ErrorCode);
}

describe("explain", () => {
  it("knows every code that the panel declares", () => {
    const codes = declaredCodes();
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) {
      const shown = explain({ code, message: "What happened.", retryable: false });
      expect(shown.code, code).toBe(code);
      expect(shown.title, code).not.toBe("");
      expect(shown.message, code).toBe("What happened.");
    }
  });

  it("puts the panel's own hint first", () => {
    const own = explain(
      new CallError({ code: "not_found", message: "m", hint: "Look under Shop.", retryable: false }),
    );
    expect(own.hint).toBe("Look under Shop.");
    expect(explain({ code: "not_found", message: "m", retryable: false }).hint).toMatch(/deleted or renamed/);
  });

  it("is silent about what the user stopped", () => {
    expect(explain({ code: "cancelled", message: "Stopped.", retryable: false }).severity).toBe("silent");
    expect(explain(new DOMException("aborted", "AbortError")).severity).toBe("silent");
  });

  it("offers the way out of a closed secret store", () => {
    expect(explain({ code: "secret_store_locked", message: "m", retryable: false }).action).toBe("unlock");
    expect(explain({ code: "secret_store_unavailable", message: "m", retryable: false }).action).toBe(
      "chooseStore",
    );
  });

  it("makes something of anything that was thrown", () => {
    for (const thrown of [new Error("boom"), "boom", null, undefined, 7, { code: "made_up" }]) {
      expect(explain(thrown)).toMatchObject({ code: "internal", severity: "error" });
    }
    expect(explain(new Error("boom")).details).toBe("boom");
  });
});
