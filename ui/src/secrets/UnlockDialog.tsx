import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import type { StoreDialogProps } from "./SecretFileDialog";
import { unlockSecretFile } from "./store-commands";

export function UnlockDialog({ onClose, onDone }: StoreDialogProps) {
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [passphrase, setPassphrase] = useState("");
  const unlock = useAttempt(async () => {
    await unlockSecretFile(client, passphrase);
    onDone?.();
    onClose();
  });

  return (
    <FormDialog
      title="Unlock the secrets"
      description="The encrypted file needs its passphrase once after each start."
      action="Unlock"
      width="sm"
      busy={unlock.busy}
      error={unlock.error}
      onSubmit={async () => {
        if (!(await unlock.run())) input.current?.select();
      }}
      onClose={onClose}
      disabled={passphrase === ""}
    >
      <TextField
        id="unlock-passphrase"
        label="Passphrase"
        ref={input}
        type="password"
        autoComplete="current-password"
        aria-invalid={unlock.error?.code === "wrong_passphrase"}
        value={passphrase}
        onChange={(event) => setPassphrase(event.target.value)}
      />
    </FormDialog>
  );
}
