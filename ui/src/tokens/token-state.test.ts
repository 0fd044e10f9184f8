import { describe, expect, it } from "vitest";
import type { Token } from "@/platform";
import { activeFirst, scopeText, tokenState } from "./token-state";

const NOW = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;

function token(over: Partial<Token>): Token {
  return {
    id: "a",
    name: "a",
    kind: "openwhisk",
    scope: { type: "namespace", namespace: "playground" },
    hint: "abcd",
    created: NOW - HOUR,
    updated: NOW - HOUR,
    expires: null,
    lastUsed: null,
    revoked: null,
    kept: false,
    ...over,
  };
}

describe("tokenState", () => {
  it("says when a token ends, and warns in its last days", () => {
    expect(tokenState(token({}), NOW)).toMatchObject({ active: true, word: "Never" });
    expect(tokenState(token({ expires: NOW + 30 * 24 * HOUR }), NOW)).toMatchObject({
      active: true,
      word: "in 30 days",
      tone: "neutral",
    });
    expect(tokenState(token({ expires: NOW + 5 * HOUR }), NOW)).toMatchObject({
      word: "in 5 h",
      tone: "warn",
    });
    expect(tokenState(token({ expires: NOW + 1000 }), NOW)).toMatchObject({
      active: true,
      word: "in a moment",
    });
  });

  it("ends at the very millisecond of its expiry, as the gateway does", () => {
    expect(tokenState(token({ expires: NOW }), NOW)).toMatchObject({ active: false, word: "Expired" });
    expect(tokenState(token({ expires: NOW + 1 }), NOW).active).toBe(true);
  });

  it("names the revocation rather than the expiry of a token that had both", () => {
    const both = token({ expires: NOW - HOUR, revoked: NOW - 2 * HOUR });
    expect(tokenState(both, NOW)).toMatchObject({ active: false, word: "Revoked", at: NOW - 2 * HOUR });
  });
});

it("lists what works before what has ended, and keeps the order within both", () => {
  const list = [
    token({ id: "gone", revoked: NOW }),
    token({ id: "new" }),
    token({ id: "late", expires: NOW - 1 }),
    token({ id: "old" }),
  ];
  expect(activeFirst(list, NOW).map(({ id }) => id)).toEqual(["new", "old", "gone", "late"]);
});

it("writes a function's scope with its namespace", () => {
  expect(scopeText({ type: "function", namespace: "n", name: "pkg/f" })).toBe("n/pkg/f");
  expect(scopeText({ type: "account" })).toBe("every namespace");
});
