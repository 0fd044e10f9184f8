import { describe, expect, it } from "vitest";
import {
  effectiveFilter,
  quote,
  splitTerms,
  valuesOf,
  withoutTerm,
  withRange,
  withValues,
} from "./filterText";

describe("splitTerms", () => {
  it("splits as the panel's parser does", () => {
    const text = 'fn:sample/hello "free text" -noise dur:>500ms';
    expect(splitTerms(text).map(({ key, value, negated }) => [key, value, negated])).toEqual([
      ["fn", "sample/hello", false],
      [null, "free text", false],
      [null, "noise", true],
      ["dur", ">500ms", false],
    ]);
  });

  it("counts places in UTF-16 units", () => {
    expect(splitTerms("😀 status:grün")[1]).toMatchObject({ start: 3, end: 14, key: "status" });
  });

  it("takes a quoted URL, and not the scheme of one for a key", () => {
    expect(splitTerms('"http://x:80/"')).toMatchObject([{ key: null, value: "http://x:80/" }]);
    expect(splitTerms('fn:"my fn')).toMatchObject([{ key: "fn", value: "my fn", end: 9 }]);
  });
});

describe("editing", () => {
  it("replaces a key in its place and keeps every other term as written", () => {
    const text = '"a  b"   status:error  fn:x status:lost tail';
    expect(withValues(text, "status", ["success"])).toBe('"a  b" status:success fn:x tail');
    expect(withValues(text, "status", [])).toBe('"a  b" fn:x tail');
    expect(withValues("word", "function", ["my fn"])).toBe('word fn:"my fn"');
  });

  it("knows both names of a key", () => {
    expect(valuesOf("function:a fn:b since:-1h", "function")).toEqual(["a", "b"]);
    expect(withRange("since:-1h word upto:now", "-24h", null)).toBe("from:-24h word");
    expect(withRange("word", null, null)).toBe("word");
  });

  it("leaves excluded terms alone", () => {
    expect(withValues("-status:error", "status", ["lost"])).toBe("-status:error status:lost");
  });

  it("quotes what has to be quoted", () => {
    expect([quote("a/b"), quote("a b"), quote('say "hi"'), quote("")]).toEqual([
      "a/b",
      '"a b"',
      '"say hi"',
      '""',
    ]);
  });

  it("takes one term out", () => {
    expect(withoutTerm("a colour:red b", 2)).toBe("a b");
  });
});

describe("effectiveFilter", () => {
  const scope = { connection: "local", namespace: "play ground", name: "hello" };

  it("is the text where there is no scope", () => {
    expect(effectiveFilter(" status:error ", undefined)).toBe("status:error");
  });

  it("cannot be widened beyond the function of the page", () => {
    expect(effectiveFilter("fn:other status:error ns:x", scope)).toBe(
      'conn:local ns:"play ground" fn:hello status:error',
    );
    expect(effectiveFilter("", scope)).toBe('conn:local ns:"play ground" fn:hello');
  });
});
