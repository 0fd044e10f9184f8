import { describe, expect, it } from "vitest";
import { parametersFrom, parametersProblem, parametersText } from "./parameters";

describe("parameters as a JSON object", () => {
  it("keeps digits, order and nesting over a round trip", () => {
    const parameters = [
      { key: "z", value: "12345678901234567890.10" },
      { key: 'a "quoted"', value: '{"b":[1,{"c":null}]}' },
    ];
    const text = parametersText(parameters);
    expect(parametersProblem(text)).toBeNull();
    expect(parametersFrom(text).map(({ key, value }) => [key, value.replace(/\s/g, "")])).toEqual([
      ["z", "12345678901234567890.10"],
      ['a "quoted"', '{"b":[1,{"c":null}]}'],
    ]);
  });

  it("is nothing for an empty text, and empty for nothing", () => {
    expect(parametersFrom(" \n")).toEqual([]);
    expect(parametersText([])).toBe("{}");
  });

  it.each([
    ["[1]", /object is expected/],
    ['{"a": 1,}', /line 1, column 9/],
    ['{"a": 1, "\\u0061": 2}', /'a' is there twice/],
    ['{"": 1}', /needs a name/],
  ])("says what is wrong with %s", (text, message) => {
    expect(parametersProblem(text)).toMatch(message);
  });
});
