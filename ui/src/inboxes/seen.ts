import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { InboxView } from "@/platform";

interface SeenState {
  /** Of each inbox, when the newest message arrived that was on the page; ms. */
  until: Readonly<Record<string, number>>;
  see: (inbox: string, newest: number) => void;
}

/** What was looked at in this window. */
export const useSeen = create<SeenState>()(
  persist(
    (set) => ({
      until: {},
      see: (inbox, newest) =>
        set(({ until }) =>
          (until[inbox] ?? 0) >= newest ? { until } : { until: { ...until, [inbox]: newest } },
        ),
    }),
    { name: "beckon.inboxes-seen", version: 1 },
  ),
);

/** Whether something arrived since the inbox was last looked at. */
export function isNew({ newest }: Pick<InboxView, "newest">, until: number | undefined): boolean {
  return newest !== null && newest > (until ?? 0);
}
