import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { CopyToken } from "@/platform";

interface CopyPrefs {
  /** The form last used, so that the second copy needs one click less. */
  token: CopyToken;
  set: (token: CopyToken) => void;
}

export const useCopyPrefs = create<CopyPrefs>()(
  persist((set) => ({ token: "masked", set: (token) => set({ token }) }), {
    name: "beckon.copy",
    version: 1,
  }),
);
