import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { usePanelEvents } from "@/api/events";
import { settingsQuery } from "@/api/queries";
import { can, type PanelEvent } from "@/platform";
import { notify, notifyPermission } from "@/platform/notify";
import { took, Watch, words } from "./notices";

/** Tells a person who looks elsewhere that a long run of theirs has ended, where the host does not tell it itself. */
export function usePageNotices(): void {
  const client = useQueryClient();
  const navigate = useNavigate();
  const watch = useRef(new Watch());
  const hear = useCallback(
    async (event: PanelEvent) => {
      if (event.type !== "activations" || can("hostNotifications")) return;
      const ended = event.rows.filter((row) => watch.current.see(row));
      if (ended.length === 0 || notifyPermission() !== "granted" || document.hasFocus()) return;
      const { notifyAfterS } = await client.fetchQuery(settingsQuery);
      if (notifyAfterS === null || notifyAfterS === undefined) return;
      for (const run of ended.filter((each) => took(each) >= notifyAfterS * 1000)) {
        const onOpen = () => void navigate({ to: "/activations", search: { id: run.id } });
        notify({ ...words(run), tag: run.id, onOpen });
      }
    },
    [client, navigate],
  );
  usePanelEvents(useCallback((event: PanelEvent) => void hear(event).catch(() => undefined), [hear]));
}
