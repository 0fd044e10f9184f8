import { describe, expect, it } from "vitest";
import { inputProblem, jsonProblem, prettyJson } from "./json";

const VALID = [
  "{}",
  "[]",
  "0",
  "-1.5e+10",
  '"a"',
  "true",
  " null ",
  '{"a":[1,{"b":null}],"c":"\\u00e9\\n"}',
  '{"a":1,"a":2}',
  "\n{\t}\r\n",
];

const INVALID = [
  "",
  "{",
  "{a:1}",
  "{'a':1}",
  '{"a":1,}',
  "[1,]",
  "[1 2]",
  '{"a" 1}',
  "01",
  "1.",
  ".5",
  "+1",
  "NaN",
  "undefined",
  '"a',
  '"a\nb"',
  '"\\x"',
  '"\\u12g4"',
  "{} {}",
  "tru",
  "\u00a0{}",
  "[1],",
];

describe("jsonProblem", () => {
  it.each(VALID)("accepts %j", (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(jsonProblem(text)).toBeNull();
  });

  it.each(INVALID)("refuses %j, as JSON.parse does", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(jsonProblem(text)).not.toBeNull();
  });

  it("says where", () => {
    expect(jsonProblem('{\n  "a": 1,\n}')).toMatchObject({
      line: 3,
      column: 1,
      message: "A comma before the closing brace",
    });
    expect(jsonProblem('{"a": nope}')).toMatchObject({ line: 1, column: 7 });
  });

  it("does not fall over deep nesting", () => {
    expect(jsonProblem("[".repeat(100_000))?.message).toBe("This is nested too deeply");
  });
});

describe("inputProblem", () => {
  it("takes nothing for an empty object", () => {
    expect(inputProblem("")).toBeNull();
    expect(inputProblem(" \n")).toBeNull();
  });

  it("wants an object", () => {
    expect(inputProblem('{"a":1}')).toBeNull();
    for (const text of ["[1]", "1", '"a"', "null"])
      expect(inputProblem(text)?.message).toMatch(/JSON object/);
  });
});

describe("prettyJson", () => {
  it("keeps digits, order, escapes and repeated keys", () => {
    const text = '{"z":12345678901234567890.10,"a":"{ \\" , : }","z":[],"e":{},"l":[1,[2]]}';
    expect(prettyJson(text)).toBe(
      [
        "{",
        '  "z": 12345678901234567890.10,',
        '  "a": "{ \\" , : }",',
        '  "z": [],',
        '  "e": {},',
        '  "l": [',
        "    1,",
        "    [",
        "      2",
        "    ]",
        "  ]",
        "}",
      ].join("\n"),
    );
  });

  it("changes nothing the second time", () => {
    const once = prettyJson('{"a":[{}, [ ] ,{"b" :1}]}');
    expect(prettyJson(once)).toBe(once);
    expect(JSON.parse(once)).toEqual({ a: [{}, [], { b: 1 }] });
  });
});
