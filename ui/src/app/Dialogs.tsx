import { ConnectionDialog } from "@/connections/ConnectionDialog";
import { DeleteFunctionDialog } from "@/functions/DeleteFunctionDialog";
import { NewFunctionDialog } from "@/functions/NewFunctionDialog";
import { NewNamespaceDialog } from "@/functions/NewNamespaceDialog";
import { SecretFileDialog } from "@/secrets/SecretFileDialog";
import { UnlockDialog } from "@/secrets/UnlockDialog";
import { NewTokenDialog } from "@/tokens/NewTokenDialog";
import { KeysDialog } from "./KeysDialog";
import { Palette } from "./Palette";
import { useShell } from "./ui-state";

/** The dialogs that can be opened from anywhere, one at a time. */
export function Dialogs() {
  const { dialog, show } = useShell();
  const close = () => show(null);
  switch (dialog?.type) {
    case undefined:
      return null;
    case "palette":
      return <Palette onClose={close} />;
    case "keys":
      return <KeysDialog onClose={close} />;
    case "new-function":
      return (
        <NewFunctionDialog connection={dialog.connection} namespace={dialog.namespace} onClose={close} />
      );
    case "new-namespace":
      return <NewNamespaceDialog onClose={close} />;
    case "delete-function":
      return <DeleteFunctionDialog target={dialog.function} onClose={close} />;
    case "add-connection":
      return <ConnectionDialog onClose={close} />;
    case "new-token":
      return <NewTokenDialog onClose={close} />;
    case "secret-file":
      return <SecretFileDialog onClose={close} />;
    case "unlock":
      return <UnlockDialog onClose={close} />;
  }
}
