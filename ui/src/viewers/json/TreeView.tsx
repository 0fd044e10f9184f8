import { CopyButton } from "@/ui/CopyButton";
import { JsonTree } from "./JsonTree";
import { pathOf } from "./lines";
import { plainOf } from "./parse";
import type { Tree } from "./useTree";

/** A JSON text as a tree to look around in, and under it the path of what is looked at. */
export function TreeView({ tree, label }: { tree: Tree; label: string }) {
  const { root, text, active } = tree;
  return (
    <>
      <JsonTree
        root={root}
        text={text}
        label={label}
        toggled={tree.toggled}
        onToggle={tree.toggle}
        active={active}
        onActive={tree.setActive}
        found={tree.found}
      />
      {active && (
        <div className="flex h-7 shrink-0 items-center gap-1 border-t border-line pr-2 pl-4">
          <code className="min-w-0 flex-1 truncate text-muted" title={pathOf(root, active)}>
            {pathOf(root, active)}
          </code>
          <CopyButton text={pathOf(root, active)} label="Copy path" words className="h-6" />
          <CopyButton text={plainOf(active, text)} label="Copy value" words className="h-6" />
        </div>
      )}
    </>
  );
}
