import { create } from "zustand";
import type { CopyToken } from "@/platform";

interface CopyPrefs {
  /** The form last used, so that the second copy needs one click less. Masked again after a restart. */
  token: CopyToken;
  set: (token: CopyToken) => void;
}

export const useCopyPrefs = create<CopyPrefs>()((set) => ({
  token: "masked",
  set: (token) => set({ token }),
}));
