import { Box, ChevronRight, Package, Plus, SquareFunction } from "lucide-react";
import type { ReactNode } from "react";
import type { Connection } from "@/platform";
import { cx } from "@/ui/cx";
import type { TreeRow } from "./tree";
import { useShell } from "./ui-state";

interface RowProps {
  row: TreeRow;
  connection: Connection;
  selected: boolean;
  tabbable: boolean;
  onToggle: () => void;
  onOpen: () => void;
}

const INDENT = { namespace: "pl-1", package: "pl-5", function2: "pl-6", function3: "pl-10" };

export function FunctionTreeRow({ row, connection, selected, tabbable, onToggle, onOpen }: RowProps) {
  const show = useShell((shell) => shell.show);
  const create = (namespace: string) => show({ type: "new-function", connection: connection.id, namespace });
  if (row.type === "empty") {
    return (
      <div
        role="treeitem"
        data-key={row.key}
        aria-level={2}
        tabIndex={tabbable ? 0 : -1}
        onClick={() => create(row.namespace)}
        onKeyDown={(event) => event.key === "Enter" && create(row.namespace)}
        className="flex h-6.5 items-center gap-2 rounded-md pl-7 text-sm text-subtle outline-offset-[-2px] select-none"
      >
        No functions
        <span className="link">Create one</span>
      </div>
    );
  }

  const level = row.type === "namespace" ? 1 : row.type === "package" ? 2 : row.level;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its rows
    <div
      role="treeitem"
      data-key={row.key}
      aria-level={level}
      aria-selected={selected}
      aria-expanded={row.type === "function" ? undefined : row.open}
      tabIndex={tabbable ? 0 : -1}
      onClick={onOpen}
      className={cx(
        "group flex h-6.5 items-center gap-1.5 rounded-md pr-1 outline-offset-[-2px] select-none",
        row.type === "function" ? INDENT[`function${row.level}`] : INDENT[row.type],
        selected ? "bg-selected font-medium text-fg" : "text-muted hover:bg-hover hover:text-fg",
      )}
    >
      {row.type !== "function" && <Chevron open={row.open} onToggle={onToggle} />}
      {content(row)}
      {row.type === "namespace" && (
        <button
          type="button"
          tabIndex={-1}
          aria-label={`New function in ${row.namespace.name}`}
          title="New function"
          onClick={(event) => {
            event.stopPropagation();
            create(row.namespace.name);
          }}
          className="hidden size-6 items-center justify-center rounded-md group-hover:inline-flex group-focus-visible:inline-flex hover:bg-selected"
        >
          <Plus size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}

function content(row: Exclude<TreeRow, { type: "empty" }>): ReactNode {
  if (row.type === "namespace") {
    return (
      <>
        <Box size={14} className="shrink-0 text-subtle" aria-hidden />
        <span className="min-w-0 flex-1 truncate" title={row.namespace.name}>
          {row.namespace.label || row.namespace.name}
        </span>
        <span className="px-1 text-sm font-normal text-subtle group-hover:hidden">{row.count}</span>
      </>
    );
  }
  if (row.type === "package") {
    return (
      <>
        <Package size={14} className="shrink-0 text-subtle" aria-hidden />
        <span className="min-w-0 flex-1 truncate">{row.name}</span>
      </>
    );
  }
  return (
    <>
      <SquareFunction size={14} className="shrink-0 text-subtle" aria-hidden />
      <span className="min-w-0 flex-1 truncate" title={row.name}>
        {row.label}
      </span>
    </>
  );
}

function Chevron({ open, onToggle }: { open: boolean; onToggle: () => void }) {
  // Keyboard users open and close with the arrow keys; this is for the pointer.
  return (
    <span
      aria-hidden
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
      className="-mr-1 flex size-6 items-center justify-center"
    >
      <ChevronRight size={14} className={cx("text-subtle", open && "rotate-90")} />
    </span>
  );
}
