import { useState } from "react";
import { api, type FunctionDetail, type FunctionRef } from "@/platform";
import { describedBy, Field, Textarea, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import { ENV_NAME, ENV_NAME_HINT } from "./settings-form";

interface SecretDialogProps {
  target: FunctionRef;
  /** The secret to replace; without it a new one. */
  name?: string;
  /** A provider's environment variable, not a secret of the secret store. */
  there: boolean;
  onSaved: (detail: FunctionDetail) => void;
  onClose: () => void;
}

export function SecretDialog({ target, name: fixed, there, onSaved, onClose }: SecretDialogProps) {
  const [name, setName] = useState(fixed ?? "");
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(false);
  const save = useAttempt(async () => {
    onSaved(await api.setFunctionSecret({ function: target, name, value }));
    onClose();
  });
  const nameError = ENV_NAME.test(name) ? undefined : ENV_NAME_HINT;
  const valueError = value === "" && !there ? "A secret has a value." : undefined;

  const add = there ? "Add variable" : "Add secret";
  return (
    <FormDialog
      title={fixed === undefined ? add : `Replace ${fixed}`}
      action={fixed === undefined ? add : "Replace"}
      width="sm"
      busy={save.busy}
      error={save.error}
      onSubmit={() => {
        setTried(true);
        if (nameError === undefined && valueError === undefined) void save.run();
      }}
      onClose={onClose}
    >
      {fixed === undefined && (
        <TextField
          id="secret-name"
          label="Name"
          hint={ENV_NAME_HINT}
          error={tried ? nameError : undefined}
          value={name}
          className="font-mono text-sm"
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <Field
        id="secret-value"
        label="Value"
        hint="You will not see it again here."
        error={tried ? valueError : undefined}
      >
        <Textarea
          id="secret-value"
          rows={3}
          value={value}
          autoComplete="off"
          spellCheck={false}
          className="font-mono text-sm"
          aria-invalid={tried && valueError !== undefined}
          aria-describedby={describedBy("secret-value")}
          onChange={(event) => setValue(event.target.value)}
        />
      </Field>
    </FormDialog>
  );
}
