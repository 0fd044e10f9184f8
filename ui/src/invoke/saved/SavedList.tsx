import { Check, Pencil, Trash2 } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import type { SavedRequest } from "@/platform";
import { announce } from "@/ui/announce";
import { Button } from "@/ui/Button";
import { FormError, Input } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import type { Saved } from "./useSaved";

/** Characters of a name, at most. */
export const LONGEST_NAME = 80;

interface SavedListProps {
  rows: readonly SavedRequest[];
  /** The name of the one that is in the pane. */
  current: string | null;
  saved: Saved;
  onLoaded: () => void;
}

/** The saved requests: pressed, one is in the pane. Arrow keys go from one to the next. */
export function SavedList({ rows, current, saved, onLoaded }: SavedListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [renaming, setRenaming] = useState<string | null>(null);
  const load = useAttempt(async (row: SavedRequest) => {
    await saved.load(row);
    onLoaded();
  });

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || event.target instanceof HTMLInputElement) return;
    const all = [...(list.current?.querySelectorAll<HTMLElement>("[data-load]") ?? [])];
    const row = (event.target as HTMLElement).closest("li");
    const at = all.findIndex((each) => row?.contains(each));
    all[Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
    event.preventDefault();
  }

  async function remove(row: SavedRequest) {
    // The row goes, and the focus with it.
    const rest = rows.filter(({ id }) => id !== row.id);
    const next = rest[Math.min(rest.length - 1, rows.indexOf(row))];
    try {
      await saved.remove(row);
      announce(`${row.name} deleted`);
      const popup = list.current?.closest("[role=dialog]");
      popup?.querySelector<HTMLElement>(next ? `[data-load="${next.id}"]` : "input")?.focus();
    } catch (thrown) {
      toast.failure(thrown);
    }
  }

  return (
    <>
      {load.error !== null && <FormError error={load.error} className="mx-3 mb-2" />}
      <ul
        ref={list}
        aria-label="Saved requests"
        className="min-h-0 flex-1 overflow-y-auto px-2 pb-2"
        onKeyDown={onKeyDown}
      >
        {rows.map((row) =>
          renaming === row.id ? (
            <Rename
              key={row.id}
              row={row}
              onRename={(name) => saved.rename(row, name)}
              onDone={() => {
                setRenaming(null);
                // After the row is there again.
                setTimeout(() =>
                  list.current?.querySelector<HTMLElement>(`[data-load="${row.id}"]`)?.focus(),
                );
              }}
            />
          ) : (
            <li key={row.id} className="group flex items-center gap-0.5 rounded-md pr-1 hover:bg-hover">
              <button
                type="button"
                data-load={row.id}
                aria-current={row.name === current || undefined}
                className="flex min-w-0 flex-1 flex-col rounded-md px-2 py-1 text-left"
                onClick={() => void load.run(row)}
              >
                <span className="flex w-full items-baseline gap-2">
                  <span className="truncate font-medium">{row.name}</span>
                  {row.name === current && (
                    <Check size={13} className="shrink-0 self-center text-accent-text" aria-hidden />
                  )}
                  <span className="ml-auto shrink-0 text-sm text-subtle">
                    <TimeText at={row.updated} />
                  </span>
                </span>
                <span className="w-full truncate font-mono text-xs text-muted">{row.preview || "empty"}</span>
              </button>
              <IconButton
                size="sm"
                label={`Rename ${row.name}`}
                icon={<Pencil size={13} aria-hidden />}
                onClick={() => setRenaming(row.id)}
              />
              <IconButton
                size="sm"
                label={`Delete ${row.name}`}
                icon={<Trash2 size={13} aria-hidden />}
                onClick={() => void remove(row)}
              />
            </li>
          ),
        )}
      </ul>
    </>
  );
}

interface RenameProps {
  row: SavedRequest;
  onRename: (name: string) => Promise<void>;
  onDone: () => void;
}

function Rename({ row, onRename, onDone }: RenameProps) {
  const [name, setName] = useState(row.name);
  const rename = useAttempt(() => onRename(name.trim()));
  async function submit() {
    const changed = name.trim() !== "" && name.trim() !== row.name;
    if (!changed || (await rename.run())) onDone();
  }
  return (
    <li className="px-1 py-1">
      <form
        className="flex items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          // The list stays open.
          event.stopPropagation();
          onDone();
        }}
      >
        <Input
          aria-label={`New name of ${row.name}`}
          className="min-w-0 flex-1"
          maxLength={LONGEST_NAME}
          autoComplete="off"
          value={name}
          ref={(input) => {
            if (input && document.activeElement !== input && !input.dataset.begun) {
              input.dataset.begun = "yes";
              input.focus();
              input.select();
            }
          }}
          onChange={(event) => setName(event.target.value)}
        />
        <Button size="sm" type="submit" busy={rename.busy}>
          Rename
        </Button>
      </form>
      {rename.error !== null && <FormError error={rename.error} className="mt-1" />}
    </li>
  );
}
