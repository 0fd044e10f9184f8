import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
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

  return (
    <FormDialog
      title="Keep secrets in an encrypted file"
      description="The file is in Beckon’s data directory. Its passphrase is asked for once after each start."
      action="Use the file"
      width="sm"
      busy={make.busy}
      error={make.error}
      onSubmit={handleSubmit((form) => make.run(form.passphrase))}
      onClose={onClose}
    >
      <TextField
        id="passphrase"
        label="Passphrase"
        hint="At least 8 characters. If there is a file already, its own passphrase."
        error={errors.passphrase?.message}
        type="password"
        autoComplete="new-password"
        {...register("passphrase")}
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
    </FormDialog>
  );
}
