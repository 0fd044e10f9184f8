import { useMemo, useState } from "react";
import { revealing, search, type Toggled } from "./lines";
import { type JsonNode, parseJson } from "./parse";

export interface Tree {
  root: JsonNode;
  text: string;
  toggled: Toggled;
  setToggled: (toggled: Toggled) => void;
  toggle: (node: JsonNode) => void;
  active: JsonNode | null;
  setActive: (node: JsonNode) => void;
  words: string;
  setWords: (words: string) => void;
  matches: readonly JsonNode[];
  found: ReadonlySet<JsonNode>;
  /** The place of the active node among the matches; -1 where it is none. */
  at: number;
  goTo: (match: number) => void;
}

function read(text: string): JsonNode | null {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** What a person does in the tree of a JSON text; null where it is none, or is not to be read yet. */
export function useTree(text: string | null): Tree | null {
  const root = useMemo(() => (text === null ? null : read(text)), [text]);
  const [toggled, setToggled] = useState<Toggled>(new Set());
  const [active, setActive] = useState<JsonNode | null>(null);
  const [words, setWords] = useState("");
  const matches = useMemo(
    () => (root && text !== null ? search(root, text, words) : []),
    [root, text, words],
  );
  const found = useMemo(() => new Set(matches), [matches]);
  if (root === null || text === null) return null;

  return {
    root,
    text,
    toggled,
    setToggled,
    toggle: (node) => {
      const next = new Set(toggled);
      if (!next.delete(node)) next.add(node);
      setToggled(next);
    },
    active,
    setActive,
    words,
    setWords,
    matches,
    found,
    at: active ? matches.indexOf(active) : -1,
    goTo: (match) => {
      const target = matches[(match + matches.length) % matches.length];
      if (!target) return;
      setToggled(revealing(root, target, toggled));
      setActive(target);
    },
  };
}
