import { type KeyboardEvent, memo, type Ref, useCallback, useImperativeHandle, useMemo } from "react";
import { usePrefs, useRowHeight } from "@/app/prefs";
import type { RunActions } from "@/record";
import { cx } from "@/ui/cx";
import { HEADINGS } from "./columns";
import { bottomOf, drawn, type Geometry, heightOf, topOf } from "./core/geometry";
import { type GridCommand, gridCommand } from "./core/keys";
import type { ActivationLog, LogState } from "./core/log";
import { Cell, Heading, Row, RowGroup } from "./gridParts";
import { MoreRow } from "./MoreRow";
import { usePanelHeight } from "./panelHeight";
import { RunPanel } from "./RunPanel";
import { RunRow } from "./RunRow";
import "./runGrid.css";
import { useGridScroll } from "./useGridScroll";

export interface GridHandle {
  /** Puts the focus on the selected row, or on the grid. */
  focus: () => void;
  toTop: () => void;
  /** How many rows fit. */
  pageSize: () => number;
}

interface RunGridProps {
  log: ActivationLog;
  state: LogState;
  /** The number of all rows, where it is known. */
  total: number | null;
  activeId: string | null;
  openId: string | null;
  scoped: boolean;
  /** Names of the remote connections by id. */
  remotes: ReadonlyMap<string, string>;
  now: number;
  actions: RunActions;
  onSelect: (index: number) => void;
  onToggle: (index: number) => void;
  onCommand: (command: GridCommand) => void;
  ref: Ref<GridHandle>;
}

const LETTER = /^[^ ]$/u;

export const RunGrid = memo(function RunGrid(props: RunGridProps) {
  const { log, state, total, activeId, openId, scoped, remotes, now, actions, ref } = props;
  const { onSelect, onToggle, onCommand } = props;
  const row = useRowHeight();
  const panel = usePanelHeight((store) => store.height);
  const letterKeys = usePrefs((prefs) => prefs.letterKeys);
  const { rows } = state;
  const open = openId === null ? -1 : rows.indexOf(openId);
  const active = activeId === null ? -1 : rows.indexOf(activeId);
  const geometry: Geometry = useMemo(
    () => ({ count: rows.length, row, open, panel }),
    // The row object is kept: its length is what changes.
    [rows.length, row, open, panel],
  );
  const scroll = useGridScroll({ log, state, geometry, active, activeId, openId });
  const [first, last] = drawn(geometry, scroll.top, scroll.viewport);

  useImperativeHandle(ref, () => ({
    focus: scroll.focus,
    toTop: scroll.toTop,
    pageSize: () => Math.max(1, Math.floor(scroll.viewport / row) - 1),
  }));

  function onKeyDown(event: KeyboardEvent) {
    const target = event.target as HTMLElement;
    if (target.closest("[data-record]") || /^(INPUT|SELECT|TEXTAREA)$/u.test(target.tagName)) return;
    if (!letterKeys && LETTER.test(event.key)) return;
    const command = gridCommand(event);
    if (command === null) return;
    // A focused button does its own thing with Enter and Space.
    if (command === "toggle" && target.tagName === "BUTTON") return;
    event.preventDefault();
    event.stopPropagation();
    onCommand(command);
  }

  const leave = useCallback(() => onCommand("escape"), [onCommand]);
  const indices = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  // The row with the focus stays, or the focus would be lost with it; so does the open record with what was typed there.
  for (const kept of [active, open]) if (kept >= 0 && !indices.includes(kept)) indices.push(kept);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table is laid out and measured as a whole
    <div
      ref={scroll.box}
      role="grid"
      aria-label="Activations"
      aria-rowcount={total === null ? -1 : total + 1}
      aria-colcount={scoped ? HEADINGS.length - 1 : HEADINGS.length}
      aria-multiselectable={false}
      aria-busy={state.phase === "stale"}
      tabIndex={active >= 0 ? -1 : 0}
      data-scoped={scoped || undefined}
      data-testid="activations"
      onKeyDown={onKeyDown}
      className="run-grid relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto border-t border-line outline-offset-[-2px]"
    >
      <RowGroup className="sticky top-0 z-10 border-b border-line bg-bg">
        <Row aria-rowindex={1} className="run-cells text-sm text-muted">
          {HEADINGS.map((heading) =>
            scoped && heading.id === "function" ? null : (
              <Heading
                key={heading.id}
                data-column={heading.id}
                className={cx("truncate pr-2", heading.id === "duration" && "pl-2")}
              >
                {"hidden" in heading ? <span className="sr-only">{heading.hidden}</span> : heading.label}
              </Heading>
            ),
          )}
        </Row>
      </RowGroup>
      <RowGroup
        className={cx("relative", state.phase === "stale" && "opacity-50")}
        style={{ height: heightOf(geometry) }}
      >
        {indices.map((index) => {
          const run = rows.at(index);
          const top = topOf(geometry, index);
          if (!run) return <Placeholder key={`gap-${index}`} index={index} top={top} height={row} />;
          return (
            <RunRow
              key={run.id}
              run={run}
              remote={remotes.get(run.connection) ?? null}
              index={index}
              top={top}
              height={bottomOf(geometry, index) - top}
              active={index === active}
              open={index === open}
              scoped={scoped}
              now={now}
              onSelect={onSelect}
              onToggle={onToggle}
            >
              {index === open && (
                <Cell aria-label="Record">
                  <RunPanel id={run.id} actions={actions} onLeave={leave} />
                </Cell>
              )}
            </RunRow>
          );
        })}
      </RowGroup>
      <MoreRow log={log} state={state} />
    </div>
  );
});

/** A row whose page is on its way back. */
function Placeholder({ index, top, height }: { index: number; top: number; height: number }) {
  return (
    <Row
      aria-rowindex={index + 2}
      className="absolute inset-x-0 top-0 flex items-center border-b border-line px-8"
      style={{ transform: `translateY(${top}px)`, height }}
    >
      <Cell aria-label="Loading" className="h-2 w-1/3 rounded-sm bg-hover" />
    </Row>
  );
}
