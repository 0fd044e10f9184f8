import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { useActivation, useCancels } from "@/api/queries";
import { RecordActions, type RecordTab, RecordView, type RunActions } from "@/record";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { DEFAULT_PANEL, MAX_PANEL, MIN_PANEL } from "./core/geometry";
import { usePanelHeight } from "./panelHeight";
import { RecordLink } from "./RecordLink";

/** The tab last looked at, so that going through runs keeps to it. */
let lastTab: RecordTab = "result";

interface RunPanelProps {
  id: string;
  actions: RunActions;
  /** Esc: back to the row, or close. */
  onLeave: () => void;
}

/** The whole record of a run, of a height that is known before it is read. */
export function RunPanel({ id, actions, onLeave }: RunPanelProps) {
  const { data, error, refetch } = useActivation(id);
  const cancels = useCancels(data?.activation);
  const { height } = usePanelHeight();
  const box = useRef<HTMLDivElement>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only Esc, for what is focused inside
    <div
      ref={box}
      data-record
      data-testid="record-panel"
      className="flex flex-col border-t border-line bg-surface"
      style={{ height }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        onLeave();
      }}
    >
      <div className="min-h-0 flex-1">
        {data ? (
          <RecordView
            key={id}
            detail={data}
            initialTab={lastTab}
            onTab={(tab) => {
              lastTab = tab;
            }}
            onCancel={cancels ? () => void actions.cancel(id) : undefined}
            aside={
              <>
                <RecordLink detail={data} />
                <RecordActions detail={data} actions={actions} />
              </>
            }
          />
        ) : error ? (
          <div className="h-full overflow-y-auto">
            <ErrorState error={error} onRetry={() => void refetch()} />
          </div>
        ) : (
          <Skeleton className="p-4" rows={6} />
        )}
      </div>
      <ResizeHandle box={box} />
    </div>
  );
}

function ResizeHandle({ box }: { box: { current: HTMLDivElement | null } }) {
  const { height, set } = usePanelHeight();
  const start = useRef<{ y: number; height: number } | null>(null);

  function onKeyDown(event: KeyboardEvent) {
    const step = event.shiftKey ? 112 : 28;
    const change = { ArrowDown: step, ArrowUp: -step, PageDown: 112, PageUp: -112 }[event.key];
    if (change === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(height + change);
  }

  function onPointerDown(event: PointerEvent<HTMLDivElement>) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { y: event.clientY, height: box.current?.clientHeight ?? height };
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> takes no keys and no children
    <div
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the record"
      aria-valuemin={MIN_PANEL}
      aria-valuemax={MAX_PANEL}
      aria-valuenow={height}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={(event) => {
        if (start.current) set(start.current.height + event.clientY - start.current.y);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onDoubleClick={() => set(DEFAULT_PANEL)}
      className="group flex h-2 shrink-0 cursor-row-resize touch-none items-center justify-center border-t border-line bg-inset hover:bg-hover"
    >
      <span className="h-0.5 w-8 rounded-full bg-line-strong" aria-hidden />
    </div>
  );
}
