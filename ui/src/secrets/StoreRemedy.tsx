import { KeyRound } from "lucide-react";
import { useState } from "react";
import type { SecretStoreState } from "@/platform";
import type { NextAction } from "@/platform/errors";
import { Button } from "@/ui/Button";
import { SecretFileDialog } from "./SecretFileDialog";
import { UnlockDialog } from "./UnlockDialog";

/** The next action after a call failed for want of the secret store, without leaving what is being typed. */
export function StoreRemedy({ action, onDone }: { action: NextAction; onDone?: () => void }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  if (action !== "unlock" && action !== "chooseStore") return null;
  const Remedy = action === "unlock" ? UnlockDialog : SecretFileDialog;
  return (
    <div>
      <Button onClick={() => setOpen(true)}>
        {action === "unlock" ? "Unlock…" : "Use an encrypted file…"}
      </Button>
      {open && <Remedy onClose={close} onDone={onDone} />}
    </div>
  );
}

/** Says beforehand that a secret will not be kept. */
export function StoreNotice({ store, need }: { store: SecretStoreState | undefined; need: string }) {
  if (store?.state !== "unavailable" && store?.state !== "file_locked") return null;
  return (
    <div className="mb-2 flex items-center gap-2 rounded-md bg-warn-soft px-3 py-2">
      <KeyRound size={15} className="shrink-0 text-warn" aria-hidden />
      <p className="min-w-0 flex-1">
        {need}{" "}
        {store.state === "unavailable"
          ? "This machine has no usable keychain."
          : "The encrypted file is locked."}
      </p>
      <StoreRemedy action={store.state === "unavailable" ? "chooseStore" : "unlock"} />
    </div>
  );
}
