import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, FormError } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";
import { FolderField } from "./FolderField";

interface FolderDialogProps {
  name: string;
  /** The folder that it has now. */
  path: string;
  watch: boolean;
  onSave: (path: string, watch: boolean) => Promise<void>;
  onClose: () => void;
}

/** Which folder a function's code is taken from. */
export function FolderDialog({ name, path: first, watch: watched, onSave, onClose }: FolderDialogProps) {
  const [path, setPath] = useState(first);
  const [watch, setWatch] = useState(watched);
  const save = useAttempt(() => onSave(path.trim(), watch));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !save.busy && onClose()}
      title={`Take the code of ${name} from a folder`}
      description="What is in the folder is deployed as the next version."
      width="md"
      footer={
        <>
          <Button onClick={onClose} disabled={save.busy}>
            Cancel
          </Button>
          <Button
            variant="primary"
            busy={save.busy}
            disabled={path.trim() === ""}
            onClick={() => void save.run()}
          >
            Use folder
          </Button>
        </>
      }
    >
      <FolderField value={path} onChange={setPath} />
      <label htmlFor="tie-watch" className="mt-2 flex min-h-6 items-center gap-2.5">
        <Checkbox id="tie-watch" checked={watch} onChange={(event) => setWatch(event.target.checked)} />
        Deploy again whenever a file in it is saved
      </label>
      {save.error !== null && <FormError error={save.error} className="mt-3" />}
    </Dialog>
  );
}
