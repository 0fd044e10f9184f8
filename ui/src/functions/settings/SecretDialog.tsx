import { useState } from "react";
import { api, type FunctionDetail, type FunctionRef } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { describedBy, Field, FormError, Textarea, TextField } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";
import { ENV_NAME, ENV_NAME_HINT } from "./settings-form";

interface SecretDialogProps {
  target: FunctionRef;
  /** The secret to replace; without it a new one. */
  name?: string;
  onSaved: (detail: FunctionDetail) => void;
  onClose: () => void;
}

export function SecretDialog({ target, name: fixed, onSaved, onClose }: SecretDialogProps) {
  const [name, setName] = useState(fixed ?? "");
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(false);
  const save = useAttempt(async () => {
    onSaved(await api.setFunctionSecret({ function: target, name, value }));
    onClose();
  });
  const nameError = ENV_NAME.test(name) ? undefined : ENV_NAME_HINT;
  const valueError = value === "" ? "A secret has a value." : undefined;

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={fixed === undefined ? "Add secret" : `Replace ${fixed}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="secret" busy={save.busy}>
            {fixed === undefined ? "Add secret" : "Replace"}
          </Button>
        </>
      }
    >
      <form
        id="secret"
        noValidate
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          // React bubbles it through the portal to the settings form around.
          event.preventDefault();
          event.stopPropagation();
          setTried(true);
          if (nameError === undefined && valueError === undefined) void save.run();
        }}
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
        {save.error !== null && <FormError error={save.error} />}
      </form>
    </Dialog>
  );
}
