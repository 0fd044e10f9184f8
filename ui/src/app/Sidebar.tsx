import { Link } from "@tanstack/react-router";
import {
  Cpu,
  FolderOpen,
  FolderPlus,
  Globe,
  Inbox,
  KeyRound,
  Plus,
  ScrollText,
  Search,
  Send,
  Settings,
  SquareFunction,
} from "lucide-react";
import { useState } from "react";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { Kbd } from "@/ui/Kbd";
import { Menu } from "@/ui/Menu";
import { ConnectionSwitcher } from "./ConnectionSwitcher";
import { FunctionTree } from "./FunctionTree";
import { useActiveConnection } from "./Shell";
import { useShell } from "./ui-state";

const NAV = [
  { to: "/activations", label: "Activations", icon: ScrollText },
  { to: "/deliveries", label: "Deliveries", icon: Send },
  { to: "/inboxes", label: "Inboxes", icon: Inbox },
  { to: "/engine", label: "Engine", icon: Cpu },
  { to: "/tokens", label: "Tokens", icon: KeyRound },
  { to: "/connections", label: "Connections", icon: Globe },
  { to: "/settings", label: "Settings", icon: Settings },
] as const;

export function Sidebar() {
  const connection = useActiveConnection();
  const show = useShell((shell) => shell.show);
  const [filter, setFilter] = useState("");

  return (
    <aside aria-label="Navigation" className="flex w-64 shrink-0 flex-col border-r border-line bg-bg">
      <div className="p-2">
        <ConnectionSwitcher active={connection} />
      </div>
      <nav aria-label="Pages" className="flex flex-col gap-px px-2 pb-2">
        <button
          type="button"
          onClick={() => show({ type: "palette" })}
          className="flex h-7 items-center gap-2 rounded-md px-2 text-muted hover:bg-hover hover:text-fg"
        >
          <Search size={15} aria-hidden />
          <span className="flex-1 text-left">Search</span>
          <Kbd keys="$mod+k" />
        </button>
        {NAV.map(({ to, label, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            className="flex h-7 items-center gap-2 rounded-md px-2"
            activeProps={{ className: "bg-selected text-fg font-medium" }}
            inactiveProps={{ className: "text-muted hover:bg-hover hover:text-fg" }}
          >
            <Icon size={15} aria-hidden />
            {label}
          </Link>
        ))}
      </nav>
      <div className="flex h-9 items-center gap-1 border-t border-line pr-2 pl-4">
        <h2 className="flex-1 text-sm font-medium text-muted">Functions</h2>
        {connection !== undefined && (
          <Menu
            label="Create"
            align="end"
            trigger={<IconButton size="sm" label="Create" icon={<Plus size={15} aria-hidden />} />}
            items={[
              {
                label: "New function",
                icon: <SquareFunction size={15} aria-hidden />,
                onSelect: () => show({ type: "new-function", connection: connection.id }),
              },
              {
                label: "Open project…",
                icon: <FolderOpen size={15} aria-hidden />,
                onSelect: () => show({ type: "open-project", connection: connection.id }),
              },
              ...(connection.capabilities.namespaces
                ? [
                    {
                      label: "New namespace",
                      icon: <FolderPlus size={15} aria-hidden />,
                      onSelect: () => show({ type: "new-namespace", connection: connection.id }),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </div>
      <div className="px-2 pb-1.5">
        <input
          type="search"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          placeholder="Filter functions"
          aria-label="Filter functions"
          className={cx(
            "h-7 w-full rounded-md border border-line bg-surface px-2 text-fg",
            "[&::-webkit-search-cancel-button]:hidden",
          )}
        />
      </div>
      {connection !== undefined && (
        <FunctionTree key={connection.id} connection={connection} filter={filter} />
      )}
    </aside>
  );
}
