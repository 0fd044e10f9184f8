import { Dialog as Base } from "@base-ui/react/dialog";
import { useQueries } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { SquareFunction, Zap } from "lucide-react";
import { keys } from "@/api/keys";
import { useConnections } from "@/api/queries";
import { api, type FunctionRef } from "@/platform";
import { Kbd } from "@/ui/Kbd";
import { useRegistry } from "./actions";
import { EnvironmentMark } from "./environment";

const ITEM =
  "flex h-8 cursor-default items-center gap-2.5 rounded-md px-2 select-none data-[selected=true]:bg-selected";
const GROUP =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-subtle";

export function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const actions = useRegistry((registry) => registry.actions);
  const connections = useConnections().data ?? [];
  const lists = useQueries({
    queries: connections.map(({ id }) => ({
      queryKey: keys.functions(id),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.functions({ connection: id }, signal),
    })),
  });

  function run(action: () => void) {
    onClose();
    // The dialog gives focus back first; an action that opens another dialog must come after that.
    setTimeout(action, 0);
  }

  function go(f: FunctionRef) {
    void navigate({
      to: "/c/$connection/ns/$namespace/fn/$",
      params: { connection: f.connection, namespace: f.namespace, _splat: f.name },
    });
  }

  const offered = [...actions.values()].filter((action) => action.run && !action.keysOnly);
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="appear fixed inset-0 z-40 bg-scrim" />
        <Base.Popup className="appear fixed top-[12vh] left-1/2 z-40 w-150 max-w-[calc(100vw-32px)] -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-raised shadow-float">
          <Base.Title className="sr-only">Search</Base.Title>
          <Command label="Search functions, pages and actions" loop>
            <Command.Input
              placeholder="Search functions, pages and actions"
              className="h-11 w-full border-b border-line bg-transparent px-4 text-lg outline-none"
            />
            <Command.List className="max-h-[52vh] overflow-y-auto p-1.5">
              {connections.map((connection, index) => {
                const functions = lists[index]?.data ?? [];
                if (functions.length === 0) return null;
                return (
                  <Command.Group key={connection.id} heading={connection.name} className={GROUP}>
                    {functions.map(({ namespace, name }) => (
                      <Command.Item
                        key={`${namespace}/${name}`}
                        value={`${connection.name} ${namespace}/${name}`}
                        onSelect={() => run(() => go({ connection: connection.id, namespace, name }))}
                        className={ITEM}
                      >
                        <SquareFunction size={15} aria-hidden className="shrink-0 text-subtle" />
                        <span className="min-w-0 flex-1 truncate">
                          {name}
                          <span className="text-subtle"> in {namespace}</span>
                        </span>
                        {connection.environment !== "local" && (
                          <EnvironmentMark environment={connection.environment} />
                        )}
                      </Command.Item>
                    ))}
                  </Command.Group>
                );
              })}
              <Command.Group heading="Actions" className={GROUP}>
                {offered.map((action) => (
                  <Command.Item
                    key={action.id}
                    value={`${action.section} ${action.title}`}
                    onSelect={() => run(() => action.run?.())}
                    className={ITEM}
                  >
                    <Zap size={15} aria-hidden className="shrink-0 text-subtle" />
                    <span className="flex-1">{action.title}</span>
                    {action.keys !== undefined && <Kbd keys={action.keys} />}
                  </Command.Item>
                ))}
              </Command.Group>
            </Command.List>
            {/* Beside the list: a listbox may hold nothing but options. */}
            <Command.Empty className="px-3 pt-4 pb-8 text-center text-muted">
              Nothing has this in its name. Try the name of a function, a namespace or a page.
            </Command.Empty>
          </Command>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
