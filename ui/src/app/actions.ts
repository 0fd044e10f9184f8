import { useEffect, useRef } from "react";
import { tinykeys } from "tinykeys";
import { create } from "zustand";
import { usePrefs } from "./prefs";

export interface Action {
  id: string;
  title: string;
  /** The heading in the palette and in the list of keys. */
  section: string;
  /** As tinykeys writes them: `$mod+k`, `g a`, `?`. */
  keys?: string;
  /** Without it the action is only listed: the part of the window that has the focus handles its keys. */
  run?: () => void;
  /** Not offered in the palette (it would be there twice, or makes no sense there). */
  keysOnly?: boolean;
  /** Also while typing in a field. */
  inFields?: boolean;
}

interface Registry {
  actions: ReadonlyMap<string, Action>;
  add: (actions: readonly Action[]) => () => void;
}

/** Every action that exists now. Pages add theirs while they are shown. */
export const useRegistry = create<Registry>((set) => ({
  actions: new Map(),
  add(added) {
    set(({ actions }) => {
      const next = new Map(actions);
      for (const action of added) next.set(action.id, action);
      return { actions: next };
    });
    return () =>
      set(({ actions }) => {
        const next = new Map(actions);
        for (const action of added) if (next.get(action.id) === action) next.delete(action.id);
        return { actions: next };
      });
  },
}));

/** Registers actions for the life of a component. Identity does not matter: the newest `run` is used. */
export function useActions(actions: readonly Action[]): void {
  const latest = useRef(actions);
  latest.current = actions;
  const shape = actions.map((action) => `${action.id}|${action.title}|${action.keys}|${!action.run}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` is what the registry shows of the actions
  useEffect(
    () =>
      useRegistry.getState().add(
        latest.current.map((action) => ({
          ...action,
          run: action.run && (() => latest.current.find(({ id }) => id === action.id)?.run?.()),
        })),
      ),
    [shape],
  );
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Whether the keys are bare letters, which act only outside of fields and may be turned off (WCAG 2.1.4). */
function isBare(keys: string): boolean {
  return !/\$mod|Control|Alt|Meta/.test(keys);
}

function mayRun(action: Action, event: KeyboardEvent): boolean {
  if (document.querySelector('[role="dialog"], [role="alertdialog"]')) return false;
  if (!isBare(action.keys ?? "")) return action.inFields !== false || !isField(event.target);
  return usePrefs.getState().letterKeys && !isField(event.target);
}

/** The one listener for the keys of every registered action; call it once, in the shell. */
export function useActionKeys(): void {
  const actions = useRegistry((registry) => registry.actions);
  useEffect(() => {
    const bindings: Record<string, (event: KeyboardEvent) => void> = {};
    for (const action of actions.values()) {
      const { keys, run } = action;
      if (keys === undefined || run === undefined) continue;
      const handle = (event: KeyboardEvent) => {
        if (event.defaultPrevented || !mayRun(action, event)) return;
        event.preventDefault();
        run();
      };
      bindings[keys] = handle;
      // Which keys make a `?` differs between layouts; most need Shift.
      if (keys === "?") bindings["Shift+?"] = handle;
    }
    return tinykeys(window, bindings);
  }, [actions]);
}
