import { Combobox } from "@base-ui/react/combobox";
import { useQueries } from "@tanstack/react-query";
import { Check, ChevronDown } from "lucide-react";
import { useMemo, useState } from "react";
import { keys } from "@/api/keys";
import { useConnections } from "@/api/queries";
import { api, type Connection, type FunctionSummary } from "@/platform";
import { valuesOf, withValues } from "./core/filterText";

interface Choice {
  value: string;
  label: string;
  connection: string | null;
  namespace: string | null;
  name: string;
  where: string;
}

const ALL: Choice = {
  value: "",
  label: "All functions",
  connection: null,
  namespace: null,
  name: "",
  where: "",
};

/** Every function that the panel knows. Its namespace and connection become part of the filter where the name needs them. */
export function choicesOf(
  known: readonly { connection: Connection; functions: readonly FunctionSummary[] }[],
): Choice[] {
  const all = known.flatMap(({ connection, functions }) => functions.map((fn) => ({ connection, fn })));
  const count = new Map<string, number>();
  for (const { fn } of all) count.set(fn.name, (count.get(fn.name) ?? 0) + 1);
  all.sort((a, b) => a.fn.name.localeCompare(b.fn.name) || a.fn.namespace.localeCompare(b.fn.namespace));
  return all.map(({ connection, fn }) => {
    const ambiguous = (count.get(fn.name) ?? 0) > 1;
    const local = connection.kind === "local";
    return {
      value: `${connection.id} ${fn.namespace} ${fn.name}`,
      label: fn.name,
      connection: ambiguous ? connection.id : null,
      namespace: ambiguous ? fn.namespace : null,
      name: fn.name,
      where: local ? fn.namespace : `${connection.name} · ${fn.namespace}`,
    };
  });
}

export function pick(text: string, choice: Pick<Choice, "connection" | "namespace" | "name">): string {
  const one = (value: string | null) => (value === null || value === "" ? [] : [value]);
  const named = withValues(text, "function", one(choice.name));
  return withValues(
    withValues(named, "namespace", one(choice.namespace)),
    "connection",
    one(choice.connection),
  );
}

interface FunctionPickerProps {
  text: string;
  onChange: (text: string) => void;
}

export function FunctionPicker({ text, onChange }: FunctionPickerProps) {
  const [open, setOpen] = useState(false);
  const connections = useConnections();
  const list = connections.data ?? [];
  const loaded = useQueries({
    queries: list.map(({ id }) => ({
      queryKey: keys.functions(id),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.functions({ connection: id }, signal),
      // A remote system is asked only when somebody wants to choose.
      enabled: open,
    })),
    combine: (results) => results.map(({ data }) => data),
  });
  const items = useMemo(
    () => [ALL, ...choicesOf(list.map((connection, at) => ({ connection, functions: loaded[at] ?? [] })))],
    [list, loaded],
  );
  const chosen = valuesOf(text, "function");
  const value =
    chosen.length === 0 ? ALL : (items.find(({ name }) => chosen.length === 1 && name === chosen[0]) ?? null);
  const label = chosen.length === 0 ? "All functions" : chosen.join(", ");

  return (
    <Combobox.Root
      items={items}
      value={value}
      onValueChange={(next: Choice | null) => onChange(pick(text, next ?? ALL))}
      isItemEqualToValue={(a: Choice, b: Choice) => a.value === b.value}
      open={open}
      onOpenChange={(next) => setOpen(next)}
    >
      <Combobox.Trigger
        aria-label={`Function: ${label}`}
        className="flex h-7 w-40 shrink-0 items-center gap-1 rounded-md border border-line-strong bg-surface pr-1.5 pl-2.5 text-left hover:border-muted"
      >
        <span className="min-w-0 flex-1 truncate">{label}</span>
        <ChevronDown size={14} className="shrink-0 text-subtle" aria-hidden />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner align="start" sideOffset={4} collisionPadding={12} className="z-50">
          <Combobox.Popup
            aria-label="Choose a function"
            className="appear w-72 rounded-lg border border-line bg-raised p-1 shadow-float"
          >
            <Combobox.Input
              aria-label="Find a function"
              placeholder="Find a function"
              className="mb-1 h-7 w-full rounded-md border border-line bg-surface px-2"
            />
            <Combobox.Empty className="empty:hidden px-2 py-2 text-muted">
              No function has this name.
            </Combobox.Empty>
            <Combobox.List className="max-h-80 overflow-y-auto">
              {(choice: Choice) => (
                <Combobox.Item
                  key={choice.value}
                  value={choice}
                  className="flex h-7 items-center gap-2 rounded-md px-2 outline-none select-none data-highlighted:bg-hover"
                >
                  <Combobox.ItemIndicator className="order-last">
                    <Check size={14} aria-hidden />
                  </Combobox.ItemIndicator>
                  <span className="truncate">{choice.label}</span>
                  <span className="min-w-0 flex-1 truncate text-right text-sm text-subtle">
                    {choice.where}
                  </span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
