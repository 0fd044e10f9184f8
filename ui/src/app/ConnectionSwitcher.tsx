import { Menu as Base } from "@base-ui/react/menu";
import { useNavigate } from "@tanstack/react-router";
import { Check, ChevronsUpDown, Plus, TriangleAlert } from "lucide-react";
import { useConnections } from "@/api/queries";
import type { Connection } from "@/platform";
import { cx } from "@/ui/cx";
import { ENVIRONMENT, EnvironmentMark } from "./environment";
import { CONNECTION_KIND } from "./kinds";
import { useShell, useSidebar } from "./ui-state";

export function ConnectionSwitcher({ active }: { active: Connection | undefined }) {
  const connections = useConnections();
  const choose = useSidebar((sidebar) => sidebar.choose);
  const show = useShell((shell) => shell.show);
  const navigate = useNavigate();

  function switchTo(connection: Connection) {
    choose(connection.id);
    // A function's page belongs to its connection; leave it, or the address would choose it again.
    if (window.location.pathname.startsWith("/c/"))
      void navigate({ to: connection.id === "local" ? "/" : "/connections" });
  }

  return (
    <Base.Root>
      <Base.Trigger
        className={cx(
          "relative flex h-11 w-full items-center gap-2 overflow-hidden rounded-lg border border-line bg-surface pr-2 pl-3.5 text-left hover:bg-hover data-popup-open:bg-hover",
          active?.environment === "production" && "border-env-production",
        )}
      >
        <span
          className={cx("absolute inset-y-0 left-0 w-1", active && ENVIRONMENT[active.environment].line)}
          aria-hidden
        />
        <span className="min-w-0 flex-1">
          <span className="sr-only">Connection: </span>
          <span className="block truncate leading-4 font-medium">{active?.name ?? "…"}</span>
          <span className="block truncate text-sm text-subtle">{active && CONNECTION_KIND[active.kind]}</span>
        </span>
        {active?.state.state === "failing" && (
          <TriangleAlert size={15} className="shrink-0 text-bad" aria-label="Not reachable" />
        )}
        {active?.environment === "production" && <EnvironmentMark environment="production" />}
        <ChevronsUpDown size={14} className="shrink-0 text-subtle" aria-hidden />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner align="start" sideOffset={4} className="z-50">
          <Base.Popup className="appear w-76 rounded-lg border border-line bg-raised p-1 shadow-float">
            {(connections.data ?? []).map((connection) => (
              <Base.Item
                key={connection.id}
                onClick={() => switchTo(connection)}
                className="flex h-10 items-center gap-2 rounded-md px-2 outline-none select-none data-highlighted:bg-hover"
              >
                <Check
                  size={14}
                  aria-hidden
                  className={cx("shrink-0", connection.id !== active?.id && "invisible")}
                />
                <span className="min-w-0 flex-1">
                  <span className="block truncate leading-4">{connection.name}</span>
                  <span className="block truncate text-sm text-subtle">
                    {connection.state.state === "failing"
                      ? "Not reachable"
                      : CONNECTION_KIND[connection.kind]}
                  </span>
                </span>
                <EnvironmentMark environment={connection.environment} />
              </Base.Item>
            ))}
            <Base.Separator className="mx-1 my-1 h-px bg-line" />
            <Base.Item
              onClick={() => show({ type: "add-connection" })}
              className="flex h-7 items-center gap-2 rounded-md px-2 outline-none select-none data-highlighted:bg-hover"
            >
              <Plus size={14} aria-hidden />
              Add connection
            </Base.Item>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
