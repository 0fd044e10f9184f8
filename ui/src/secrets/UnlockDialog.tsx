import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, FormError, Input } from "@/ui/Field";
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
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Unlock the secrets"
      description="The encrypted file needs its passphrase once after each start."
      initialFocus={input}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="unlock"
            busy={unlock.busy}
            disabled={passphrase === ""}
          >
            Unlock
          </Button>
        </>
      }
    >
      <form
        id="unlock"
        onSubmit={async (event) => {
          event.preventDefault();
          event.stopPropagation();
          if (!(await unlock.run())) input.current?.select();
        }}
      >
        <Field id="unlock-passphrase" label="Passphrase">
          <Input
            id="unlock-passphrase"
            ref={input}
            type="password"
            autoComplete="current-password"
            aria-invalid={unlock.error?.code === "wrong_passphrase"}
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
        </Field>
        {unlock.error !== null && <FormError error={unlock.error} />}
      </form>
    </Dialog>
  );
}
