import { useNavigate, useParams } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useFunctions, useNamespaces } from "@/api/queries";
import type { Connection } from "@/platform";
import { explain } from "@/platform/errors";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Skeleton";
import { FunctionTreeRow } from "./FunctionTreeRow";
import { type TreeRow, treeRows } from "./tree";
import { useShell, useSidebar } from "./ui-state";

const ROW = 26;
/** Below this, rows are simply there; above, only those in sight are. */
const VIRTUAL_FROM = 200;

export function FunctionTree({ connection, filter }: { connection: Connection; filter: string }) {
  const namespaces = useNamespaces(connection.id);
  const functions = useFunctions(connection.id);
  const { collapsed, toggle } = useSidebar();
  const params = useParams({ strict: false });
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [focusKey, setFocusKey] = useState<string | null>(null);

  const rows = useMemo(
    () => treeRows(namespaces.data ?? [], functions.data ?? [], collapsed, connection.id, filter),
    [namespaces.data, functions.data, collapsed, connection.id, filter],
  );
  const virtual = rows.length > VIRTUAL_FROM;
  const virtualizer = useVirtualizer({
    count: virtual ? rows.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });

  const selectedKey = selected(params, connection.id);
  const tabStop =
    rows.find(({ key }) => key === focusKey) ?? rows.find(({ key }) => key === selectedKey) ?? rows[0];

  const chosen = rows.some(({ key }) => key === selectedKey) ? selectedKey : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice scrolls, not every change of the rows
  useEffect(() => {
    if (chosen === null) return;
    if (virtual) virtualizer.scrollToIndex(rows.findIndex(({ key }) => key === chosen));
    else if (scroller.current) inSight(scroller.current, chosen);
  }, [chosen]);

  function open(row: TreeRow) {
    if (row.type === "namespace") {
      void navigate({
        to: "/c/$connection/ns/$namespace",
        params: { connection: connection.id, namespace: row.namespace.name },
      });
    } else if (row.type === "function") {
      void navigate({
        to: "/c/$connection/ns/$namespace/fn/$",
        params: { connection: connection.id, namespace: row.namespace, _splat: row.name },
      });
    } else if (row.type === "package") toggle(row.key);
  }

  function moveTo(index: number) {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    setFocusKey(row.key);
    if (virtual) virtualizer.scrollToIndex(rows.indexOf(row));
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.key)}"]`)?.focus(),
    );
  }

  function onKeyDown(event: KeyboardEvent) {
    const index = rows.findIndex(({ key }) => key === tabStop?.key);
    const row = rows[index];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const openable = row.type === "namespace" || row.type === "package" ? row : null;
    if (event.key === "ArrowDown") moveTo(index + 1);
    else if (event.key === "ArrowUp") moveTo(index - 1);
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(rows.length - 1);
    else if (event.key === "ArrowRight" && openable) openable.open ? moveTo(index + 1) : toggle(row.key);
    else if (event.key === "ArrowLeft") openable?.open ? toggle(row.key) : moveTo(parentOf(rows, index));
    else if (event.key === "Enter" || event.key === " ") open(row);
    else return;
    event.preventDefault();
  }

  const failed = namespaces.error ?? functions.error;
  if (failed && rows.length === 0) {
    const shown = explain(failed);
    return (
      <div className="px-4 py-2 text-sm" role="status">
        <p className="font-medium">{shown.title}</p>
        <p className="mt-0.5 mb-2 break-words text-muted">{shown.message}</p>
        <Button
          size="sm"
          onClick={() => {
            void namespaces.refetch();
            void functions.refetch();
          }}
        >
          Try again
        </Button>
      </div>
    );
  }
  if (namespaces.isPending || functions.isPending) return <Skeleton rows={5} className="px-4 py-2" />;
  if (rows.length === 0) return <NothingHere filter={filter} local={connection.kind === "local"} />;

  const render = (row: TreeRow) => (
    <FunctionTreeRow
      key={row.key}
      row={row}
      connection={connection}
      selected={row.key === selectedKey}
      tabbable={row.key === tabStop?.key}
      onToggle={() => toggle(row.key)}
      onOpen={() => {
        setFocusKey(row.key);
        open(row);
      }}
    />
  );
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
      <div role="tree" aria-label={`Functions of ${connection.name}`} onKeyDown={onKeyDown}>
        {virtual ? (
          <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
            {virtualizer.getVirtualItems().map((item) => {
              const row = rows[item.index];
              return (
                <div
                  key={item.key}
                  role="presentation"
                  className="absolute inset-x-0"
                  style={{ top: item.start }}
                >
                  {row && render(row)}
                </div>
              );
            })}
          </div>
        ) : (
          rows.map(render)
        )}
      </div>
    </div>
  );
}

function NothingHere({ filter, local }: { filter: string; local: boolean }) {
  const show = useShell((shell) => shell.show);
  if (filter.trim() !== "") {
    return <p className="px-4 py-2 text-sm text-muted">No function's name contains “{filter.trim()}”.</p>;
  }
  return (
    <div className="px-4 py-2 text-sm text-muted">
      <p className="mb-2">{local ? "There is no namespace yet." : "This key reaches no namespace."}</p>
      {local && (
        <Button size="sm" onClick={() => show({ type: "new-namespace" })}>
          New namespace
        </Button>
      )}
    </div>
  );
}

/** Scrolls by no more than it takes, and a row further where there is one. */
function inSight(scroller: HTMLElement, key: string): void {
  const row = scroller.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!row) return;
  const [box, line] = [scroller.getBoundingClientRect(), row.getBoundingClientRect()];
  if (line.top < box.top) scroller.scrollTop -= box.top - line.top + ROW;
  else if (line.bottom > box.bottom) scroller.scrollTop += line.bottom - box.bottom + ROW;
}

function selected(params: { namespace?: string; _splat?: string }, connection: string): string | null {
  if (params.namespace === undefined) return null;
  const parent = `${connection}/${params.namespace}`;
  return params._splat === undefined ? parent : `${parent}/fn/${params._splat}`;
}

function parentOf(rows: readonly TreeRow[], index: number): number {
  const row = rows[index];
  const type = row?.type === "function" && row.level === 3 ? "package" : "namespace";
  for (let at = index - 1; at >= 0; at -= 1) if (rows[at]?.type === type) return at;
  return index;
}
