import { describe, expect, it } from "vitest";
import type { FunctionSummary, Namespace } from "@/platform";
import { treeRows } from "./tree";

const namespace = (name: string, label = name): Namespace => ({ name, label, created: 0, functions: 0 });
const fn = (path: string): FunctionSummary => {
  const [ns = "", ...rest] = path.split(":");
  return {
    namespace: ns,
    name: rest.join(":"),
    version: "0.0.1",
    kind: "nodejs:20",
    web: "private",
    limits: { timeoutMs: 1, memoryMb: 1, logsKb: 1, concurrency: 1 },
    updated: 0,
    imageName: null,
    readiness: null,
  };
};
const NAMESPACES = [namespace("a", "Alpha"), namespace("b")];
const FUNCTIONS = [fn("a:images/resize"), fn("a:hello"), fn("a:images/crop"), fn("b:mail")];

const show = (collapsed: Record<string, true> = {}, filter = "") =>
  treeRows(NAMESPACES, FUNCTIONS, collapsed, "local", filter).map((row) =>
    row.type === "function" ? row.name : row.type === "namespace" ? `[${row.namespace.name}]` : `${row.type}`,
  );

describe("treeRows", () => {
  it("lists functions before packages, and packages with their functions", () => {
    expect(show()).toEqual(["[a]", "hello", "package", "images/crop", "images/resize", "[b]", "mail"]);
  });

  it("hides what is collapsed", () => {
    expect(show({ "local/a": true })).toEqual(["[a]", "[b]", "mail"]);
    expect(show({ "local/a/pkg/images": true })).toEqual(["[a]", "hello", "package", "[b]", "mail"]);
  });

  it("finds by a part of the name, and opens what is collapsed for it", () => {
    expect(show({ "local/a": true }, "CROP")).toEqual(["[a]", "package", "images/crop"]);
    expect(show({}, "zzz")).toEqual([]);
  });

  it("shows a namespace whole when its own label matches", () => {
    expect(show({}, "alpha")).toEqual(["[a]", "hello", "package", "images/crop", "images/resize"]);
  });

  it("says that a namespace is empty", () => {
    expect(treeRows([namespace("c")], [], {}, "local", "").map(({ type }) => type)).toEqual([
      "namespace",
      "empty",
    ]);
  });

  it("gives every row a key of its own", () => {
    const keys = treeRows(NAMESPACES, FUNCTIONS, {}, "local", "").map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
