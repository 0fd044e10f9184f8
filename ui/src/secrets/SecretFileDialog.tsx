import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FormError, TextField } from "@/ui/Field";
import { formResolver } from "@/ui/formResolver";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { passphraseSchema } from "./passphrase";
import { makeSecretFile } from "./store-commands";

export interface StoreDialogProps {
  onClose: () => void;
  /** Secrets can be kept from now on; before `onClose`. */
  onDone?: () => void;
}

/** The explicit choice of an encrypted file where there is no keychain. */
export function SecretFileDialog({ onClose, onDone }: StoreDialogProps) {
  const client = useQueryClient();
  const first = useRef<HTMLInputElement | null>(null);
  const { register, handleSubmit, formState } = useForm({
    resolver: formResolver(passphraseSchema),
    defaultValues: { passphrase: "", again: "" },
  });
  const make = useAttempt(async (passphrase: string) => {
    await makeSecretFile(client, passphrase);
    toast.success("Secrets are kept in an encrypted file from now on");
    onDone?.();
    onClose();
  });
  const { errors } = formState;
  const { ref: passphraseRef, ...passphrase } = register("passphrase");

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Keep secrets in an encrypted file"
      description="The file is in Beckon’s data directory. Its passphrase is asked for once after each start."
      initialFocus={first}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="secret-file" busy={make.busy}>
            Use the file
          </Button>
        </>
      }
    >
      <form
        id="secret-file"
        onSubmit={(event) => {
          // Inside another dialog's form in the React tree: that one must not be submitted with this one.
          event.stopPropagation();
          void handleSubmit((form) => make.run(form.passphrase))(event);
        }}
        noValidate
        className="flex flex-col gap-2"
      >
        <TextField
          id="passphrase"
          label="Passphrase"
          hint="At least 8 characters. If there is a file already, its own passphrase."
          error={errors.passphrase?.message}
          type="password"
          autoComplete="new-password"
          {...passphrase}
          ref={(element) => {
            passphraseRef(element);
            first.current = element;
          }}
        />
        <TextField
          id="again"
          label="Passphrase again"
          hint="Nobody can recover it: without it the secrets are lost."
          error={errors.again?.message}
          type="password"
          autoComplete="new-password"
          {...register("again")}
        />
        {make.error !== null && <FormError error={make.error} />}
      </form>
    </Dialog>
  );
}
