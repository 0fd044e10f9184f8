import { type JsonNode, plainOf } from "./parse";

/** Containers deeper than this start closed. */
const OPEN_DEPTH = 2;

/** Containers with more children than this start closed, below the root. */
const OPEN_CHILDREN = 50;

/** A visible line of the tree. */
export interface Line {
  readonly node: JsonNode;
  readonly depth: number;
  /** The place among its siblings, for the label of array items. */
  readonly index: number;
  readonly siblings: number;
  readonly parent: JsonNode | null;
}

/** Which containers differ from the way they start. */
export type Toggled = ReadonlySet<JsonNode>;

export function isContainer(node: JsonNode): boolean {
  return node.kind === "object" || node.kind === "array";
}

export function isOpen(node: JsonNode, depth: number, toggled: Toggled): boolean {
  if (!isContainer(node) || node.children.length === 0) return false;
  const starts = depth === 0 || (depth < OPEN_DEPTH && node.children.length <= OPEN_CHILDREN);
  return starts !== toggled.has(node);
}

/** The lines of all open containers, in order. Closed ones cost nothing. */
export function visibleLines(root: JsonNode, toggled: Toggled): Line[] {
  const lines: Line[] = [];
  const stack: Line[] = [{ node: root, depth: 0, index: 0, siblings: 1, parent: null }];
  for (let line = stack.pop(); line; line = stack.pop()) {
    lines.push(line);
    const { node, depth } = line;
    if (!isOpen(node, depth, toggled)) continue;
    for (let index = node.children.length - 1; index >= 0; index -= 1) {
      const child = node.children[index];
      if (child)
        stack.push({ node: child, depth: depth + 1, index, siblings: node.children.length, parent: node });
    }
  }
  return lines;
}

/** The nodes from the root to `target`, or null when it is not below. */
export function chain(root: JsonNode, target: JsonNode): JsonNode[] | null {
  const found: JsonNode[] = [root];
  for (let node = root; node !== target; ) {
    const next = node.children.find((child) => child.start <= target.start && target.end <= child.end);
    if (!next) return null;
    found.push(next);
    node = next;
  }
  return found;
}

const NAME = /^[A-Za-z_$][\w$]*$/u;

/** The way to a value, as JavaScript and jq write it: `.users[2]["first name"]`. The root is `.`. */
export function pathOf(root: JsonNode, target: JsonNode): string {
  const nodes = chain(root, target) ?? [];
  let path = "";
  for (let at = 1; at < nodes.length; at += 1) {
    const node = nodes[at];
    const parent = nodes[at - 1];
    if (!node || !parent) continue;
    if (node.key === null) path += `[${parent.children.indexOf(node)}]`;
    else path += NAME.test(node.key) ? `.${node.key}` : `[${JSON.stringify(node.key)}]`;
  }
  return path.startsWith(".") ? path : `.${path}`;
}

/** Keys and plain values that contain the words, in the order of the text. At most `most`. */
export function search(root: JsonNode, text: string, words: string, most = 1000): JsonNode[] {
  const needle = words.toLowerCase();
  if (needle === "") return [];
  const found: JsonNode[] = [];
  const stack: JsonNode[] = [root];
  for (let node = stack.pop(); node && found.length < most; node = stack.pop()) {
    const inKey = node.key?.toLowerCase().includes(needle) ?? false;
    if (inKey || (!isContainer(node) && plainOf(node, text).toLowerCase().includes(needle))) found.push(node);
    for (let at = node.children.length - 1; at >= 0; at -= 1) {
      const child = node.children[at];
      if (child) stack.push(child);
    }
  }
  return found;
}

/** The toggles with every container above `target` open. */
export function revealing(root: JsonNode, target: JsonNode, toggled: Toggled): Toggled {
  const next = new Set(toggled);
  const above = (chain(root, target) ?? []).slice(0, -1);
  above.forEach((node, depth) => {
    if (isOpen(node, depth, next)) return;
    if (next.has(node)) next.delete(node);
    else next.add(node);
  });
  return next;
}

/** The toggles with every container open, or closed below the root. */
export function allToggled(root: JsonNode, open: boolean): Toggled {
  const next = new Set<JsonNode>();
  const stack: { node: JsonNode; depth: number }[] = [{ node: root, depth: 0 }];
  const none: Toggled = new Set();
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, depth } = top;
    if (node.children.length > 0 && isOpen(node, depth, none) !== (open || depth === 0)) next.add(node);
    for (const child of node.children) if (isContainer(child)) stack.push({ node: child, depth: depth + 1 });
  }
  return next;
}

/** How many lines there would be with everything open: whether opening it all is sensible. */
export function countNodes(root: JsonNode): number {
  let count = 0;
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    count += 1;
    stack.push(...node.children);
  }
  return count;
}
