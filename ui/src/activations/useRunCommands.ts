import { type RefObject, useCallback, useEffect, useRef } from "react";
import { copyCommand, TOKEN_WORDS, useCopyPrefs } from "@/copy";
import { type ActivationSummary, can } from "@/platform";
import type { RunActions } from "@/record";
import { announce } from "@/ui/announce";
import { toast } from "@/ui/toast";
import { effectiveFilter, valuesOf, withValues } from "./core/filterText";
import type { GridCommand } from "./core/keys";
import type { ActivationLog } from "./core/log";
import type { GridHandle } from "./RunGrid";

interface RunCommandsOptions {
  log: ActivationLog;
  activeId: string | null;
  setActive: (id: string | null) => void;
  openId: string | null;
  setOpen: (id: string | null) => void;
  text: string;
  setText: (text: string) => void;
  actions: RunActions;
  grid: RefObject<GridHandle | null>;
  filter: RefObject<HTMLInputElement | null>;
  time: RefObject<HTMLButtonElement | null>;
}

interface RunCommands {
  onSelect: (index: number) => void;
  onToggle: (index: number) => void;
  onCommand: (command: GridCommand) => void;
  showNew: () => void;
}

const FAILED: ReadonlySet<ActivationSummary["status"]> = new Set([
  "application_error",
  "developer_error",
  "internal_error",
  "timed_out",
  "cancelled",
  "lost",
]);

/** What the keys of the grid and its rows do. */
export function useRunCommands(options: RunCommandsOptions): RunCommands {
  const latest = useRef(options);
  latest.current = options;
  const wanted = useRef<number | null>(null);

  const select = useCallback((index: number) => {
    const { log, setActive } = latest.current;
    const { rows } = log.snapshot();
    const at = Math.max(0, Math.min(rows.length - 1, index));
    const row = rows.at(at);
    // A row whose page was let go is on its way back; it is selected when it is there.
    wanted.current = row ? null : at;
    if (row) setActive(row.id);
    else if (at === 0) latest.current.grid.current?.toTop();
  }, []);

  const version = options.log.snapshot().version;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` tells that rows came
  useEffect(() => {
    if (wanted.current !== null && latest.current.log.snapshot().rows.at(wanted.current))
      select(wanted.current);
  }, [version, select]);

  const toggle = useCallback((index: number) => {
    const { log, openId, setOpen, setActive } = latest.current;
    const row = log.snapshot().rows.at(index);
    if (!row) return;
    setActive(row.id);
    setOpen(openId === row.id ? null : row.id);
  }, []);

  const showNew = useCallback(() => {
    const { log, setActive, setOpen, grid } = latest.current;
    setActive(null);
    setOpen(null);
    log.showNew();
    grid.current?.toTop();
    grid.current?.focus();
  }, []);

  const onCommand = useCallback(
    (command: GridCommand) => {
      const now = latest.current;
      const { rows } = now.log.snapshot();
      const at = now.activeId === null ? -1 : rows.indexOf(now.activeId);
      const run = at < 0 ? null : rows.at(at);
      const page = now.grid.current?.pageSize() ?? 10;
      const toError = (step: 1 | -1) => {
        const found = rows.find(at < 0 ? 0 : at + step, step, ({ status }) => FAILED.has(status));
        if (found >= 0) select(found);
        else announce(step > 0 ? "No further error among the loaded runs" : "No error above");
      };
      switch (command) {
        case "next":
          return select(at + 1);
        case "previous":
          return select(at < 0 ? 0 : at - 1);
        case "first":
          return select(0);
        case "last":
          return select(rows.length - 1);
        case "pageDown":
          return select(Math.max(0, at) + page);
        case "pageUp":
          return select(Math.max(0, at) - page);
        case "nextError":
          return toError(1);
        case "previousError":
          return toError(-1);
        case "toggle":
          return at < 0 ? select(0) : toggle(at);
        case "escape":
          return stepOut(now);
        case "errorsOnly":
          return now.setText(errorsOnly(now.text));
        case "focusFilter":
          now.filter.current?.focus();
          return now.filter.current?.select();
        case "time":
          return now.time.current?.click();
        case "toggleLive":
          return now.log.setLive(!now.log.snapshot().live);
        case "showNew":
          return showNew();
        default:
          if (run) onRun(command, run, now);
      }
    },
    [select, toggle, showNew],
  );

  return { onSelect: select, onToggle: toggle, onCommand, showNew };
}

/** First the record, then the selection: at the top the list is live again. */
function stepOut({ openId, setOpen, activeId, setActive, grid }: RunCommandsOptions): void {
  if (openId !== null) {
    setOpen(null);
    // The focus may be inside the record, which is about to go.
    grid.current?.focus();
  } else if (activeId !== null) {
    setActive(null);
  }
}

function errorsOnly(text: string): string {
  const on = valuesOf(text, "status").join() === "error";
  return withValues(text, "status", on ? [] : ["error"]);
}

function onRun(
  command: GridCommand,
  run: ActivationSummary,
  { actions, text, setText }: RunCommandsOptions,
): void {
  switch (command) {
    case "thisFunction": {
      const on = valuesOf(text, "function").join() === run.function;
      setText(effectiveFilter(withValues(text, "function", on ? [] : [run.function]), undefined));
      break;
    }
    case "rerun":
      void actions.rerun(run.id);
      break;
    case "editRun":
      void actions.edit(run.id);
      break;
    case "copyId":
      void actions.copyId(run.id);
      break;
    case "copyLink":
      void actions.copyLink(run.id);
      break;
    case "pin":
      void actions.pin(run);
      break;
    case "copyCurl":
      void copyCurl(run);
      break;
    default:
  }
}

async function copyCurl(run: ActivationSummary): Promise<void> {
  const { token } = useCopyPrefs.getState();
  try {
    const mode = run.mode === "blocking" ? "blocking" : "non_blocking";
    await copyCommand({ type: "run", id: run.id }, "curl", mode, token, can("hostClipboard"));
    toast.success(`curl copied, ${TOKEN_WORDS[token]}`);
  } catch (thrown) {
    toast.failure(thrown);
  }
}
