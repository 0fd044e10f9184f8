import { useCallback, useMemo, useRef, useState } from "react";
import { useConnections } from "@/api/queries";
import type { FunctionRef } from "@/platform";
import { useRunActions } from "@/record";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { useNow } from "@/ui/TimeText";
import { scopeText } from "./core/filterText";
import { writeInstant } from "./core/time";
import { runsText } from "./countText";
import { FilterField, Problems, useProblems } from "./FilterField";
import { FunctionPicker } from "./FunctionPicker";
import { HistogramChart } from "./HistogramChart";
import { InFlightToggle } from "./InFlightToggle";
import { Legend } from "./Legend";
import { LinkedRecord } from "./LinkedRecord";
import { LiveToggle } from "./LiveToggle";
import { LogEmpty } from "./LogEmpty";
import { NewRunsPill } from "./NewRunsPill";
import { type GridHandle, RunGrid } from "./RunGrid";
import { StatusControl } from "./StatusControl";
import { TimeControl } from "./TimeControl";
import { useRangeMemory } from "./useRangeMemory";
import { useRunCommands } from "./useRunCommands";
import { useRunKeys } from "./useRunKeys";
import { useRunLog } from "./useRunLog";
import { useUrlState } from "./useUrlState";

interface ActivationsViewProps {
  /** Shows the runs of one function only. */
  scope?: FunctionRef;
}

/** The activation log, or the part of it that belongs to one function. */
export function ActivationsView({ scope }: ActivationsViewProps) {
  // Another function's log is another log.
  return <Log key={scope ? scopeText(scope) : ""} scope={scope} />;
}

function Log({ scope }: ActivationsViewProps) {
  const [text, setTextInUrl] = useUrlState("q");
  const [openText, setOpenText] = useUrlState("id");
  const [activeId, setActive] = useState<string | null>(null);
  const { log, state, tally } = useRunLog(text, scope);
  const problems = useProblems(text, scope);
  const remotes = useRemotes();
  const { actions, dialog } = useRunActions();
  const now = useNow();
  const filter = useRef<HTMLInputElement>(null);
  const time = useRef<HTMLButtonElement>(null);
  const grid = useRef<GridHandle>(null);
  useRunKeys();

  const openId = openText === "" ? null : openText;
  const setOpen = useCallback((id: string | null) => setOpenText(id ?? ""), [setOpenText]);
  const setText = useCallback(
    (next: string) => {
      setTextInUrl(next);
      // Under another filter the row is somewhere else, or nowhere.
      setActive(null);
      setOpen(null);
    },
    [setTextInUrl, setOpen],
  );
  const range = useRangeMemory(text, setText);
  const { onSelect, onToggle, onCommand, showNew } = useRunCommands({
    log,
    activeId,
    setActive,
    openId,
    setOpen,
    text,
    setText,
    actions,
    grid,
    filter,
    time,
  });

  const { phase, rows } = state;
  const linked = openId !== null && phase !== "first" && rows.indexOf(openId) < 0;
  return (
    <div className="flex h-full min-h-0 flex-1 flex-col">
      <div className="flex h-11 shrink-0 items-center gap-3 px-4">
        {!scope && <h1 className="text-lg font-semibold">Activations</h1>}
        <span role="status" data-testid="match-count" className="whitespace-nowrap text-muted">
          {runsText(tally.count)}
        </span>
        <div className="ml-auto flex min-w-0 items-center gap-3">
          <Legend histogram={tally.histogram} />
          <LiveToggle live={state.live} frozen={state.frozen} onChange={(live) => log.setLive(live)} />
        </div>
      </div>
      <div className="flex shrink-0 flex-wrap items-center gap-2 px-4 pb-2">
        <div className="flex min-w-80 flex-1">
          <FilterField
            ref={filter}
            text={text}
            onChange={setText}
            problems={problems}
            placeholder={`${scope ? "" : "fn:hello "}status:error dur:>500ms "free text" -word`}
            onLeave={() => grid.current?.focus()}
          />
        </div>
        {!scope && <FunctionPicker text={text} onChange={setText} />}
        <InFlightToggle text={text} onChange={setText} />
        <StatusControl text={text} onChange={setText} />
        <TimeControl ref={time} text={text} onChange={setText} />
      </div>
      <Problems text={text} problems={problems} onChange={setText} />
      <div className="shrink-0 px-4 pb-1">
        <HistogramChart
          histogram={tally.histogram}
          stale={tally.stale && tally.histogram !== null}
          onSelect={(from, to) => range.zoom(writeInstant(from), writeInstant(to))}
          onReset={range.reset}
        />
      </div>
      {linked && <LinkedRecord id={openId} actions={actions} onClose={() => setOpen(null)} />}
      <div className="relative flex min-h-0 flex-1 flex-col">
        {phase === "first" ? (
          <Skeleton rows={12} className="border-t border-line p-4" />
        ) : phase === "failed" ? (
          <div className="border-t border-line">
            <ErrorState error={state.error} onRetry={() => log.refresh()} />
          </div>
        ) : rows.length === 0 && phase === "ready" ? (
          <div className="min-h-0 flex-1 overflow-y-auto border-t border-line">
            <LogEmpty
              text={text}
              tally={tally}
              problems={problems}
              scopeName={scope?.name ?? null}
              onClear={() => {
                setText("");
                filter.current?.focus();
              }}
            />
          </div>
        ) : (
          <RunGrid
            ref={grid}
            log={log}
            state={state}
            total={tally.count === null || tally.count.capped ? null : tally.count.count}
            activeId={activeId}
            openId={openId}
            scoped={scope !== undefined}
            remotes={remotes}
            now={now}
            actions={actions}
            onSelect={onSelect}
            onToggle={onToggle}
            onCommand={onCommand}
          />
        )}
        {state.fresh > 0 && <NewRunsPill fresh={state.fresh} capped={state.freshCapped} onShow={showNew} />}
      </div>
      {dialog}
    </div>
  );
}

function useRemotes(): ReadonlyMap<string, string> {
  const { data } = useConnections();
  return useMemo(
    () => new Map((data ?? []).filter(({ kind }) => kind !== "local").map(({ id, name }) => [id, name])),
    [data],
  );
}
