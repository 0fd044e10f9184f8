import { type ReactNode, useId } from "react";
import type { Explained } from "@/platform/errors";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { FormError } from "./Field";

export interface FormDialogProps {
  title: string;
  description?: ReactNode;
  /** What the button says that submits. */
  action: string;
  /** Of that button: `danger` where it changes production. */
  variant?: "primary" | "danger";
  /** At the left of the buttons. */
  mark?: ReactNode;
  width?: "sm" | "md" | "lg";
  busy: boolean;
  error: Explained | null;
  onSubmit: () => void;
  onClose: () => void;
  disabled?: boolean;
  children: ReactNode;
}

/** A dialog that is one form: it cannot be closed while it is sent, and says why that failed. */
export function FormDialog(props: FormDialogProps) {
  const { title, description, action, variant = "primary", mark, width = "md", children } = props;
  const { busy, error, onSubmit, onClose, disabled } = props;
  const id = useId();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !busy && onClose()}
      title={title}
      description={description}
      width={width}
      footer={
        <>
          {mark}
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button variant={variant} type="submit" form={id} busy={busy} disabled={disabled}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          // React bubbles it through the portal to the form that this dialog was opened from.
          event.stopPropagation();
          onSubmit();
        }}
      >
        {children}
        {error !== null && <FormError error={error} />}
      </form>
    </Dialog>
  );
}
