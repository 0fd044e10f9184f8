import type { Connection } from "@/platform";
import { Dialog } from "@/ui/Dialog";
import { useKeyWay } from "./useKeyWay";

interface ConnectionDialogProps {
  connection: Connection;
  onClose: () => void;
}

/** Changes a connection. */
export function ConnectionDialog({ connection, onClose }: ConnectionDialogProps) {
  const { body, footer } = useKeyWay({ connection, onClose });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      width="md"
      title={`Edit “${connection.name}”`}
      description="Its functions and their runs appear here, beside the local ones."
      footer={footer}
    >
      {body}
    </Dialog>
  );
}
