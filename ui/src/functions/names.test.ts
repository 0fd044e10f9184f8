import { describe, expect, it } from "vitest";
import { functionNameProblem, namespaceNameProblem } from "./names";

describe("functionNameProblem", () => {
  it.each(["a", "hello", "my fn", "a.b", "a@b", "_x", "0", "a-", "sample/hello"])("accepts %j", (name) => {
    expect(functionNameProblem(name)).toBeNull();
  });

  it.each(["", " a", "a ", "-a", "a/b/c", "ä", "a\n", "../x", "default/x", "a/", "/a", "x".repeat(257)])(
    "refuses %j",
    (name) => expect(functionNameProblem(name)).not.toBeNull(),
  );
});

describe("namespaceNameProblem", () => {
  it("accepts what the panel accepts", () => {
    for (const name of ["a", "my space", "a-"]) expect(namespaceNameProblem(name)).toBeNull();
    for (const name of ["", "_", "a/b", "-a"]) expect(namespaceNameProblem(name)).not.toBeNull();
  });
});
