import { create } from "zustand";
import { persist } from "zustand/middleware";
import { clamp, DEFAULT_PANEL, MAX_PANEL, MIN_PANEL } from "./core/geometry";

interface PanelHeight {
  height: number;
  set: (height: number) => void;
}

/** How high opened records are; one for all, so that the list stays arithmetic. */
export const usePanelHeight = create<PanelHeight>()(
  persist(
    (set) => ({
      height: DEFAULT_PANEL,
      set: (height) => set({ height: Math.round(clamp(height, MIN_PANEL, MAX_PANEL)) }),
    }),
    { name: "beckon.record-height", version: 1 },
  ),
);
