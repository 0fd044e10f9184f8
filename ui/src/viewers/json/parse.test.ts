import { describe, expect, it } from "vitest";
import { JsonProblem, parseJson, plainOf, pretty, textOf } from "./parse";

describe("parseJson", () => {
  it("keeps the digits of numbers that JavaScript would round", () => {
    const text = '{"id": 12345678901234567890, "price": 1.10, "tiny": 1e-400}';
    const numbers = parseJson(text).children.map((node) => textOf(node, text));
    expect(numbers).toEqual(["12345678901234567890", "1.10", "1e-400"]);
  });

  it("keeps equal keys, and decodes keys and strings", () => {
    const text = '{"a\\u0041": "x\\ny", "a": 1, "a": 2}';
    const root = parseJson(text);
    expect(root.children.map((node) => node.key)).toEqual(["aA", "a", "a"]);
    expect(root.children[0] && plainOf(root.children[0], text)).toBe("x\ny");
  });

  it("survives nesting that would overflow the stack", () => {
    const depth = 200_000;
    const root = parseJson("[".repeat(depth) + "]".repeat(depth));
    expect(root.children).toHaveLength(1);
    expect(root.end).toBe(depth * 2);
  });

  it("reads a string of a megabyte", () => {
    const text = JSON.stringify("\\n".repeat(500_000));
    expect(parseJson(text).end).toBe(text.length);
  });

  it.each([
    "",
    '"\\x"',
    '"\\u12g4"',
    '"open',
    "{",
    "[1,]",
    "[1 2]",
    '{"a" 1}',
    '{"a":}',
    "{a:1}",
    "01",
    "nul",
    '"\n"',
    "[1] 2",
    "[,1]",
    '{"a":1,}',
    "-",
  ])("refuses %j, as JSON.parse does", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(() => parseJson(text)).toThrow(JsonProblem);
  });

  it("accepts what JSON.parse accepts, with the same meaning", () => {
    for (const text of [
      "null",
      " true ",
      "-0.5e+3",
      '"\\\\\\"/"',
      "[]",
      "{}",
      '[[],{"":[{}]}, "é😀"]',
      '{"a":{"b":[1,2,{"c":null}]}}',
    ]) {
      expect(JSON.parse(pretty(text))).toEqual(JSON.parse(text));
    }
  });
});

describe("pretty", () => {
  it("indents like JSON.stringify, with the numbers as written", () => {
    const value = { a: [1, { b: "x" }, []], c: {}, d: null };
    expect(pretty(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    expect(pretty("[1.0]")).toBe("[\n  1.0\n]");
  });
});
