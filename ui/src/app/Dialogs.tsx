import { lazy, Suspense, useEffect } from "react";
import { useConnections, useNamespaces } from "@/api/queries";
import { useShell } from "./ui-state";

// Forms and the palette are no part of the first screen.
const AddConnectionDialog = lazy(async () => ({
  default: (await import("@/connections/AddConnectionDialog")).AddConnectionDialog,
}));
const DeleteFunctionDialog = lazy(async () => ({
  default: (await import("@/functions/DeleteFunctionDialog")).DeleteFunctionDialog,
}));
const NewFunctionDialog = lazy(async () => ({
  default: (await import("@/functions/NewFunctionDialog")).NewFunctionDialog,
}));
const NewRemoteFunctionDialog = lazy(async () => ({
  default: (await import("@/functions/NewRemoteFunctionDialog")).NewRemoteFunctionDialog,
}));
const DeployDialog = lazy(async () => ({
  default: (await import("@/deployments/DeployDialog")).DeployDialog,
}));
const NewEntityDialog = lazy(async () => ({
  default: (await import("@/entities/NewEntityDialog")).NewEntityDialog,
}));
const NewNamespaceDialog = lazy(async () => ({
  default: (await import("@/functions/NewNamespaceDialog")).NewNamespaceDialog,
}));
const OpenProjectDialog = lazy(async () => ({
  default: (await import("@/sources/OpenProjectDialog")).OpenProjectDialog,
}));
const SecretFileDialog = lazy(async () => ({
  default: (await import("@/secrets/SecretFileDialog")).SecretFileDialog,
}));
const UnlockDialog = lazy(async () => ({ default: (await import("@/secrets/UnlockDialog")).UnlockDialog }));
const NewTokenDialog = lazy(async () => ({
  default: (await import("@/tokens/NewTokenDialog")).NewTokenDialog,
}));
const NewInboxDialog = lazy(async () => ({
  default: (await import("@/inboxes/InboxDialog")).NewInboxDialog,
}));
const KeysDialog = lazy(async () => ({ default: (await import("./KeysDialog")).KeysDialog }));
const palette = () => import("./Palette");
const Palette = lazy(async () => ({ default: (await palette()).Palette }));

/** The dialogs that can be opened from anywhere, one at a time. */
export function Dialogs() {
  // Whoever types right after the keys of the palette types into it: it must be there by then.
  useEffect(() => {
    const timer = setTimeout(() => void palette(), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Suspense fallback={null}>
      <OpenDialog />
    </Suspense>
  );
}

interface NewFunctionThereProps {
  connection: string;
  namespace?: string;
  onClose: () => void;
}

/** A new function of a provider: an image where its functions are images. */
function NewFunctionThere(props: NewFunctionThereProps) {
  const connections = useConnections().data;
  const deployments = connections?.find(({ id }) => id === props.connection)?.capabilities.deployments;
  const first = useNamespaces(props.connection).data?.[0]?.name;
  if (!deployments) return <NewRemoteFunctionDialog {...props} />;
  const namespace = props.namespace ?? first;
  return namespace === undefined ? null : <DeployDialog {...props} namespace={namespace} />;
}

function OpenDialog() {
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
      if (dialog.connection !== "local") {
        return (
          <NewFunctionThere connection={dialog.connection} namespace={dialog.namespace} onClose={close} />
        );
      }
      return (
        <NewFunctionDialog
          connection={dialog.connection}
          namespace={dialog.namespace}
          folder={dialog.folder}
          onClose={close}
        />
      );
    case "new-entity":
      return (
        <NewEntityDialog
          key={dialog.collection}
          collection={dialog.collection}
          connection={dialog.connection}
          namespace={dialog.namespace}
          trigger={dialog.trigger}
          onClose={close}
        />
      );
    case "open-project":
      return <OpenProjectDialog connection={dialog.connection} onClose={close} />;
    case "new-namespace":
      return <NewNamespaceDialog connection={dialog.connection} onClose={close} />;
    case "delete-function":
      return <DeleteFunctionDialog target={dialog.function} onClose={close} />;
    case "add-connection":
      return <AddConnectionDialog way={dialog.way} account={dialog.account} onClose={close} />;
    case "new-token":
      return <NewTokenDialog onClose={close} />;
    case "new-inbox":
      return <NewInboxDialog onClose={close} />;
    case "secret-file":
      return <SecretFileDialog onClose={close} />;
    case "unlock":
      return <UnlockDialog onClose={close} />;
  }
}
