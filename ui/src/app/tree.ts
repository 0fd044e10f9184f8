import type { FunctionSummary, Namespace } from "@/platform";

export type TreeRow =
  | { type: "namespace"; key: string; namespace: Namespace; open: boolean; count: number }
  | { type: "package"; key: string; namespace: string; name: string; open: boolean }
  | {
      type: "function";
      key: string;
      namespace: string;
      name: string;
      label: string;
      level: 2 | 3;
      kind: string;
    }
  | { type: "empty"; key: string; namespace: string };

const SYSTEM = "whisk.system";

/** The visible rows of the tree, in order. A filter opens everything and hides what does not match. */
export function treeRows(
  namespaces: readonly Namespace[],
  functions: readonly FunctionSummary[],
  collapsed: Readonly<Record<string, true>>,
  connection: string,
  filter: string,
): TreeRow[] {
  const wanted = filter.trim().toLowerCase();
  const rows: TreeRow[] = [];
  // What OpenWhisk brings is in no one's way behind one's own.
  const own = namespaces.filter(({ name }) => name !== SYSTEM);
  for (const namespace of [...own, ...namespaces.filter(({ name }) => name === SYSTEM)]) {
    const all = functions.filter((f) => f.namespace === namespace.name);
    const ownName = `${namespace.name} ${namespace.label}`.toLowerCase().includes(wanted);
    const shown = wanted === "" || ownName ? all : all.filter((f) => f.name.toLowerCase().includes(wanted));
    if (wanted !== "" && !ownName && shown.length === 0) continue;
    const key = `${connection}/${namespace.name}`;
    const open = wanted !== "" || !collapsed[key];
    rows.push({ type: "namespace", key, namespace, open, count: all.length });
    if (open) rows.push(...functionRows(key, namespace.name, shown, collapsed, wanted !== ""));
  }
  return rows;
}

function functionRows(
  parent: string,
  namespace: string,
  functions: readonly FunctionSummary[],
  collapsed: Readonly<Record<string, true>>,
  allOpen: boolean,
): TreeRow[] {
  if (functions.length === 0) return [{ type: "empty", key: `${parent}//empty`, namespace }];
  const rows: TreeRow[] = [];
  let currentPackage: string | null = null;
  let open = true;
  const sorted = [...functions].sort((a, b) => sortKey(a.name).localeCompare(sortKey(b.name)));
  for (const { name, kind } of sorted) {
    const [first = "", second] = name.split("/");
    if (second === undefined) {
      rows.push({
        type: "function",
        key: `${parent}/fn/${name}`,
        namespace,
        name,
        label: first,
        level: 2,
        kind,
      });
      continue;
    }
    if (first !== currentPackage) {
      currentPackage = first;
      const key = `${parent}/pkg/${first}`;
      open = allOpen || !collapsed[key];
      rows.push({ type: "package", key, namespace, name: first, open });
    }
    if (open) {
      rows.push({
        type: "function",
        key: `${parent}/fn/${name}`,
        namespace,
        name,
        label: second,
        level: 3,
        kind,
      });
    }
  }
  return rows;
}

/** Functions without a package come first, as in a file tree with its files on top. */
function sortKey(name: string): string {
  return name.includes("/") ? `1${name}` : `0${name}`;
}
