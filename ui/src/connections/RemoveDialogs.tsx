import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { keys } from "@/api/keys";
import { ProductionWarning } from "@/app/environment";
import { useSidebar } from "@/app/ui-state";
import { type Account, api, type Connection } from "@/platform";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Checkbox } from "@/ui/Field";

interface RemoveConnectionProps {
  connection: Connection;
  onClose: () => void;
}

export function RemoveConnection({ connection, onClose }: RemoveConnectionProps) {
  const { id, name, environment, keyRenews } = connection;
  const client = useQueryClient();
  const { connection: chosen, choose } = useSidebar();
  const [revoke, setRevoke] = useState(true);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Remove ${name}?`}
      action="Remove"
      typed={environment === "production" ? name : undefined}
      onConfirm={async () => {
        await api.removeConnection(keyRenews ? { id, revokeKey: revoke } : { id });
        if (chosen === id) choose("local");
        await client.invalidateQueries({ queryKey: keys.connections });
      }}
    >
      <ProductionWarning connection={connection} />
      {keyRenews ? (
        <>
          <Revoke checked={revoke} onChange={setRevoke}>
            Revoke its access key at DigitalOcean
          </Revoke>
          <p className="mt-1 pl-6.5 text-sm">
            {revoke
              ? "Beckon made the key for this connection; nobody else uses it."
              : "The key opens the namespace until it ends."}
          </p>
          <p className="mt-3">
            Its functions stay there, and its runs stay in the log until their retention ends.
          </p>
        </>
      ) : (
        "Its key is removed from the secret store. Nothing changes at the provider, and its runs stay in the log until their retention ends."
      )}
    </ConfirmDialog>
  );
}

interface RemoveAccountProps {
  account: Account;
  connections: readonly Connection[];
  onClose: () => void;
}

export function RemoveAccount({ account, connections, onClose }: RemoveAccountProps) {
  const { id, name, tokenKept } = account;
  const client = useQueryClient();
  const { connection: chosen, choose } = useSidebar();
  const possible = tokenKept && connections.length > 0;
  const [asked, setRevoke] = useState(true);
  const revoke = possible && asked;
  const production = connections.some(({ environment }) => environment === "production");
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Remove the account ${name}?`}
      action="Remove account"
      typed={revoke && production ? name : undefined}
      onConfirm={async () => {
        await api.removeAccount({ id, revokeKeys: revoke });
        if (revoke && connections.some((connection) => connection.id === chosen)) choose("local");
        await client.invalidateQueries({ queryKey: keys.accounts });
        await client.invalidateQueries({ queryKey: keys.connections });
      }}
    >
      <p>
        {tokenKept ? "Beckon forgets the account and its token." : "Beckon forgets the account."} Nothing else
        changes at DigitalOcean.
      </p>
      {possible && (
        <div className="mt-3">
          <Revoke checked={asked} onChange={setRevoke}>
            Revoke the access keys that Beckon made, and remove{" "}
            {connections.length === 1 ? "the connection" : `the ${connections.length} connections`}
          </Revoke>
        </div>
      )}
      {!revoke && connections.length > 0 && (
        <p className="mt-2">Its connections stay until their keys end; the keys are not renewed any more.</p>
      )}
    </ConfirmDialog>
  );
}

interface RevokeProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}

function Revoke({ checked, onChange, children }: RevokeProps) {
  return (
    <label htmlFor="revoke-key" className="flex min-h-6 items-start gap-2.5 text-fg">
      <Checkbox
        id="revoke-key"
        className="mt-0.5"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{children}</span>
    </label>
  );
}
