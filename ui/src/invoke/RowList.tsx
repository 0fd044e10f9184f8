import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "@/ui/Button";
import { Input } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";

interface Pair {
  name: string;
  value: string;
}

interface RowListProps<R extends Pair> {
  /** `Header`: rows are named by it and their number. */
  what: string;
  rows: readonly R[];
  onChange: (rows: R[]) => void;
  /** A row after something was typed in it. */
  changed: (row: R, change: Partial<Pair>) => R;
  fresh: R;
  namePlaceholder?: string;
  valuePlaceholder?: (row: R) => string | undefined;
  invalid?: (row: R, at: number) => "name" | "value" | undefined;
  /** Whether a row has something else than a value: its action then takes the place. */
  valueless?: (row: R) => boolean;
  /** What else can be done with a row. */
  action?: (row: R, at: number) => ReactNode;
  children?: ReactNode;
}

/** Names and values, a row each. */
export function RowList<R extends Pair>(props: RowListProps<R>) {
  const { what, rows, onChange, changed, fresh, invalid, valueless, action } = props;
  const list = useRef<HTMLDivElement>(null);
  const wanted = useRef<string | null>(null);

  // Where the focus goes after a row came or went; it would be lost with the button that was pressed.
  useEffect(() => {
    if (wanted.current === null) return;
    list.current?.querySelector<HTMLElement>(wanted.current)?.focus();
    wanted.current = null;
  });

  const set = (at: number, change: Partial<Pair>) =>
    onChange(rows.map((row, index) => (index === at ? changed(row, change) : row)));

  return (
    <div ref={list} className="flex min-h-0 flex-1 flex-col gap-1.5 overflow-y-auto py-3 pr-4 pl-6">
      {rows.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity, and hold no state
        <div key={at} className="flex gap-2">
          <Input
            aria-label={`${what} ${at + 1}: name`}
            aria-invalid={invalid?.(row, at) === "name"}
            className="w-0 min-w-16 flex-2 font-mono text-sm"
            placeholder={props.namePlaceholder ?? "name"}
            spellCheck={false}
            autoComplete="off"
            value={row.name}
            onChange={(event) => set(at, { name: event.target.value })}
          />
          {!valueless?.(row) && (
            <Input
              aria-label={`${what} ${at + 1}: value`}
              aria-invalid={invalid?.(row, at) === "value"}
              className="w-0 min-w-16 flex-3 font-mono text-sm"
              placeholder={props.valuePlaceholder?.(row)}
              spellCheck={false}
              autoComplete="off"
              value={row.value}
              onChange={(event) => set(at, { value: event.target.value })}
            />
          )}
          {action?.(row, at)}
          <IconButton
            label={`Remove ${what.toLowerCase()} ${at + 1}`}
            icon={<Trash2 size={14} aria-hidden />}
            onClick={() => {
              wanted.current = "[data-add]";
              onChange(rows.filter((_, index) => index !== at));
            }}
          />
        </div>
      ))}
      {props.children}
      <div>
        <Button
          data-add
          size="sm"
          icon={<Plus size={13} aria-hidden />}
          onClick={() => {
            wanted.current = `[aria-label="${what} ${rows.length + 1}: name"]`;
            onChange([...rows, fresh]);
          }}
        >
          Add {what.toLowerCase()}
        </Button>
      </div>
    </div>
  );
}
