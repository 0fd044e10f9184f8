import { type ReactNode, useId, useRef, useState } from "react";
import { explain } from "@/platform/errors";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { FormError, Input } from "./Field";

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  action: string;
  /** The text that must be typed before the action is possible. */
  typed?: string;
  onConfirm: () => Promise<unknown>;
}

export function ConfirmDialog({ open, onOpenChange, ...rest }: ConfirmDialogProps) {
  // Mounted per opening, so that nothing typed or failed before is left over.
  return open ? <Opened open onOpenChange={onOpenChange} {...rest} /> : null;
}

function Opened({ onOpenChange, title, children, action, typed, onConfirm }: ConfirmDialogProps) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const allowed = typed === undefined || text === typed;

  async function confirm() {
    if (!allowed || busy) return;
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onOpenChange(false);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !busy && onOpenChange(next)}
      title={title}
      initialFocus={typed === undefined ? cancel : input}
      footer={
        <>
          <Button ref={cancel} onClick={() => onOpenChange(false)} disabled={busy}>
            Cancel
          </Button>
          <Button variant="danger" onClick={confirm} busy={busy} disabled={!allowed}>
            {action}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <div className="text-muted">{children}</div>
        {typed !== undefined && (
          <div className="mt-4">
            <label htmlFor={id} className="mb-1 block">
              Type <strong className="font-mono text-sm font-semibold select-all">{typed}</strong> to confirm
            </label>
            <Input
              id={id}
              ref={input}
              value={text}
              onChange={(event) => setText(event.target.value)}
              className="font-mono"
              autoComplete="off"
              spellCheck={false}
            />
          </div>
        )}
        {error !== null && <FormError error={explain(error)} className="mt-4" />}
      </form>
    </Dialog>
  );
}
