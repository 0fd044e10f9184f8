import { Outlet, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { useConnections } from "@/api/queries";
import { useActionKeys } from "./actions";
import { Banners } from "./Banners";
import { Dialogs } from "./Dialogs";
import { Sidebar } from "./Sidebar";
import { StatusBar } from "./StatusBar";
import { useSidebar } from "./ui-state";
import { useGlobalActions } from "./useGlobalActions";
import { usePageNotices } from "./usePageNotices";

export function Shell() {
  useActionKeys();
  useGlobalActions();
  usePageNotices();
  const connection = useActiveConnection();

  return (
    <div className="flex h-screen flex-col overflow-hidden">
      {connection?.environment === "production" && <div className="h-1 shrink-0 bg-danger" aria-hidden />}
      <div className="flex min-h-0 flex-1">
        <Sidebar />
        <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col bg-surface">
          <Banners />
          <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
            <Outlet />
          </div>
        </main>
      </div>
      <StatusBar />
      <Dialogs />
    </div>
  );
}

/** The connection of the address, or the one last chosen; following a link chooses its connection. */
export function useActiveConnection() {
  const { connection: fromUrl } = useParams({ strict: false });
  const { connection: chosen, choose } = useSidebar();
  const connections = useConnections();
  useEffect(() => {
    if (fromUrl !== undefined) choose(fromUrl);
  }, [fromUrl, choose]);
  const list = connections.data ?? [];
  return list.find(({ id }) => id === (fromUrl ?? chosen)) ?? list[0];
}
