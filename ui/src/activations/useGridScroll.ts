import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Geometry, keep, reveal, visible } from "./core/geometry";
import type { ActivationLog, LogState } from "./core/log";

interface GridScrollOptions {
  log: ActivationLog;
  state: LogState;
  geometry: Geometry;
  active: number;
  activeId: string | null;
  openId: string | null;
}

interface GridScroll {
  box: RefObject<HTMLDivElement | null>;
  top: number;
  viewport: number;
  focus: () => void;
  toTop: () => void;
}

/**
 * The scrolling of the grid: what is visible, and what must stay in its place. There is no scroll anchoring in
 * WebKitGTK, so the place is corrected in the same frame as the change.
 */
export function useGridScroll({
  log,
  state,
  geometry,
  active,
  activeId,
  openId,
}: GridScrollOptions): GridScroll {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, viewport: 600 });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, viewport: viewportOf(element) });
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, []);

  const [first, last] = visible(geometry, view.top, view.viewport);
  const { version } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` tells that the rows changed
  useEffect(() => {
    log.look(
      first,
      last,
      [activeId, openId].filter((id) => id !== null),
    );
  }, [log, first, last, version, activeId, openId]);

  useEffect(() => {
    // A selected or opened run that is not in the list does not keep others out of it.
    log.hold(view.top > 0 || active >= 0 || geometry.open >= 0);
  }, [log, view.top, active, geometry.open]);

  // Without rows nobody reads any.
  useEffect(() => () => log.hold(false), [log]);

  // A record opens or closes: the row that it belongs to, or else the selected one, stays where it is.
  const before = useRef<Geometry | null>(null);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = geometry;
    const element = box.current;
    if (!element) return;
    if (old === null) {
      // The run of a link is there with the first rows.
      if (geometry.open >= 0) {
        element.scrollTop = reveal(geometry, geometry.open, element.scrollTop, viewportOf(element));
      }
      return;
    }
    if (old.open === geometry.open || old.count !== geometry.count) return;
    const anchor = geometry.open >= 0 ? geometry.open : old.open;
    const kept = keep(old, geometry, anchor, element.scrollTop);
    element.scrollTop = geometry.open >= 0 ? reveal(geometry, anchor, kept, view.viewport) : kept;
  }, [geometry, view.viewport]);

  // The selection moves: it is shown, and the focus goes with it if the grid has it.
  const shown = useRef<string | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || shown.current === activeId) return;
    shown.current = activeId;
    if (active >= 0) {
      const line = { ...geometry, panel: active === geometry.open ? 0 : geometry.panel };
      const at = active === geometry.open ? geometry : line;
      element.scrollTop = reveal(at, active, element.scrollTop, view.viewport);
    }
    if (element.contains(document.activeElement) && !document.activeElement?.closest("[data-record]")) {
      focusIn(element, activeId);
    }
  }, [activeId, active, geometry, view.viewport]);

  const focus = useCallback(() => {
    if (box.current) focusIn(box.current, shown.current);
  }, []);
  const toTop = useCallback(() => {
    if (box.current) box.current.scrollTop = 0;
  }, []);

  // Another filter's rows start at the top.
  const { filter } = state;
  const filtered = useRef(filter);
  useLayoutEffect(() => {
    if (filtered.current !== filter) toTop();
    filtered.current = filter;
  }, [filter, toTop]);

  return { box, top: view.top, viewport: view.viewport, focus, toTop };
}

/** The height that rows are seen in: the header row covers one row's height. */
function viewportOf(grid: HTMLElement): number {
  const header = grid.firstElementChild?.clientHeight ?? 0;
  return Math.max(0, grid.clientHeight - header) || 600;
}

function focusIn(grid: HTMLElement, id: string | null): void {
  const row = id === null ? null : grid.querySelector<HTMLElement>(`[data-run="${CSS.escape(id)}"]`);
  (row ?? grid).focus({ preventScroll: true });
}
