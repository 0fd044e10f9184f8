import { describe, expect, it } from "vitest";
import { allToggled, countNodes, pathOf, revealing, search, visibleLines } from "./lines";
import { type JsonNode, parseJson, textOf } from "./parse";

const text = '{"users":[{"first name":"Ada","tags":{"deep":{"er":[1,2]}}},{"first name":"Grace"}],"n":1}';
const root = parseJson(text);
const none: ReadonlySet<JsonNode> = new Set();

const find = (words: string) => {
  const node = search(root, text, words)[0];
  if (!node) throw new Error(`no ${words}`);
  return node;
};

describe("visibleLines", () => {
  it("opens the first two levels and leaves the rest closed", () => {
    const shown = visibleLines(root, none).map((line) => `${line.depth} ${line.node.key ?? line.index}`);
    expect(shown).toEqual(["0 0", "1 users", "2 0", "2 1", "1 n"]);
  });

  it("keeps long arrays closed", () => {
    const long = parseJson(JSON.stringify({ list: Array.from({ length: 60 }, (_, i) => i) }));
    expect(visibleLines(long, none)).toHaveLength(2);
    expect(visibleLines(long, new Set(long.children))).toHaveLength(62);
  });

  it("opens and closes everything", () => {
    expect(visibleLines(root, allToggled(root, true))).toHaveLength(countNodes(root));
    expect(visibleLines(root, allToggled(root, false))).toHaveLength(3);
  });
});

describe("paths and search", () => {
  it("writes a path that can be pasted", () => {
    expect(pathOf(root, find("Grace"))).toBe('.users[1]["first name"]');
    expect(pathOf(root, root)).toBe(".");
    const list = parseJson("[[7]]");
    const inner = list.children[0]?.children[0];
    expect(inner && pathOf(list, inner)).toBe(".[0][0]");
  });

  it("finds keys and values without regard to case, in order", () => {
    expect(search(root, text, "FIRST").map((node) => textOf(node, text))).toEqual(['"Ada"', '"Grace"']);
    expect(search(root, text, "nothing such")).toEqual([]);
    expect(search(root, text, "")).toEqual([]);
  });

  it("opens what is above a match", () => {
    const target = find("er");
    const lines = visibleLines(root, revealing(root, find("er"), none));
    expect(lines.some((line) => line.node === target)).toBe(true);
  });
});
