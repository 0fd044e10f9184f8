import { create } from "zustand";
import type { CopyForm, CopyToken } from "@/platform";

interface CopyPrefs {
  /** The form last used, so that the second copy needs one click less. Masked again after a restart. */
  token: CopyToken;
  set: (token: CopyToken) => void;
  /** Who is to run it; kept as the token's form is. */
  form: CopyForm;
  setForm: (form: CopyForm) => void;
}

export const useCopyPrefs = create<CopyPrefs>()((set) => ({
  token: "masked",
  set: (token) => set({ token }),
  form: "curl",
  setForm: (form) => set({ form }),
}));
