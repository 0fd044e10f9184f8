import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FormError } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";

interface ConflictDialogProps {
  /** The version that the changes are based on. */
  expected: string;
  onReload: () => Promise<void>;
  onOverwrite: () => Promise<void>;
  onClose: () => void;
}

/** Somebody saved in between: nothing is lost until the user says which of the two to keep. */
export function ConflictDialog({ expected, onReload, onOverwrite, onClose }: ConflictDialogProps) {
  const reload = useAttempt(onReload);
  const overwrite = useAttempt(onOverwrite);
  const busy = reload.busy || overwrite.busy;
  const error = reload.error ?? overwrite.error;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !busy && onClose()}
      title="Changed meanwhile"
      width="md"
      footer={
        <>
          <Button onClick={onClose} disabled={busy}>
            Keep editing
          </Button>
          <span className="flex-1" />
          <Button onClick={() => void reload.run()} busy={reload.busy} disabled={busy}>
            Reload, lose mine
          </Button>
          <Button variant="danger" onClick={() => void overwrite.run()} busy={overwrite.busy} disabled={busy}>
            Overwrite with mine
          </Button>
        </>
      }
    >
      <p className="text-muted">
        This function was saved somewhere else since you opened version {expected}. Reload shows that newer
        version and drops your changes. Overwrite saves yours as the next version on top of it.
      </p>
      {error !== null && <FormError error={error} className="mt-3" />}
    </Dialog>
  );
}
