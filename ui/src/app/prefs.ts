import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Theme = "system" | "light" | "dark";
export type Density = "compact" | "normal" | "comfortable";

interface Prefs {
  theme: Theme;
  density: Density;
  /** Single-letter keys act at all (WCAG 2.1.4). */
  letterKeys: boolean;
  set: (change: Partial<Pick<Prefs, "theme" | "density" | "letterKeys">>) => void;
}

/** What this window remembers about its looks; the panel does not know it. */
export const usePrefs = create<Prefs>()(
  persist(
    (set) => ({
      theme: "system",
      density: "normal",
      letterKeys: true,
      set,
    }),
    { name: "beckon.prefs", version: 1 },
  ),
);

const ROW_HEIGHT: Record<Density, number> = { compact: 24, normal: 28, comfortable: 36 };

/** Height of a list row in px; the same as `--row` in the styles. */
export function useRowHeight(): number {
  return usePrefs((prefs) => ROW_HEIGHT[prefs.density]);
}

/** Puts theme and density on the document, now and whenever they change. */
export function applyPrefs(): void {
  const apply = ({ theme, density }: Prefs) => {
    const root = document.documentElement;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.dataset.density = density;
  };
  apply(usePrefs.getState());
  usePrefs.subscribe(apply);
}
