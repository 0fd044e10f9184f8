import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { WayName } from "@/connections/way";
import type { Account, Collection, FunctionRef } from "@/platform";

export type OpenDialog =
  | { type: "new-function"; connection: string; namespace?: string; folder?: string }
  | { type: "new-entity"; collection: Collection; connection: string; namespace?: string; trigger?: string }
  | { type: "open-project"; connection?: string }
  | { type: "new-namespace"; connection?: string }
  | { type: "delete-function"; function: FunctionRef }
  | { type: "add-connection"; way?: WayName; account?: Account }
  | { type: "new-token" }
  | { type: "new-inbox" }
  | { type: "secret-file" }
  | { type: "unlock" }
  | { type: "palette" }
  | { type: "keys" }
  | null;

interface ShellState {
  dialog: OpenDialog;
  /** The secret-store banner was put away until the next start. */
  storeBannerHidden: boolean;
  /** Failing connections whose banner was put away, with the message that it had. */
  hiddenFailures: Readonly<Record<string, string>>;
  show: (dialog: OpenDialog) => void;
  hideStoreBanner: () => void;
  hideFailure: (connection: string, message: string) => void;
}

export const useShell = create<ShellState>((set) => ({
  dialog: null,
  storeBannerHidden: false,
  hiddenFailures: {},
  show: (dialog) => set({ dialog }),
  hideStoreBanner: () => set({ storeBannerHidden: true }),
  hideFailure: (connection, message) =>
    set(({ hiddenFailures }) => ({ hiddenFailures: { ...hiddenFailures, [connection]: message } })),
}));

interface SidebarState {
  /** The connection whose tree is shown. */
  connection: string;
  collapsed: Readonly<Record<string, true>>;
  choose: (connection: string) => void;
  toggle: (key: string) => void;
}

export const useSidebar = create<SidebarState>()(
  persist(
    (set) => ({
      connection: "local",
      collapsed: {},
      choose: (connection) => set({ connection }),
      toggle: (key) =>
        set(({ collapsed }) => {
          const { [key]: was, ...rest } = collapsed;
          return { collapsed: was ? rest : { ...rest, [key]: true } };
        }),
    }),
    { name: "beckon.sidebar", version: 1 },
  ),
);
