import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useSecretStore } from "@/api/queries";
import { type Account, api } from "@/platform";
import { StoreNotice, StoreRemedy } from "@/secrets/StoreRemedy";
import { FormDialog } from "@/ui/FormDialog";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { KeyField } from "./KeyField";

/** Another token for an account, when its own was revoked, ends soon, or was not kept. */
export function ReplaceTokenDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { id, name, hint, tokenKept } = account;
  const client = useQueryClient();
  const store = useSecretStore();
  const [token, setToken] = useState("");
  const [missing, setMissing] = useState(false);
  const replace = useAttempt(async () => {
    await api.replaceAccountToken({ account: id, token: token.trim() });
    await client.invalidateQueries({ queryKey: keys.accounts });
    await client.invalidateQueries({ queryKey: keys.connections });
    toast.success(`${name} has another token`);
    onClose();
  });

  return (
    <FormDialog
      title={tokenKept ? `Replace the token of ${name}` : `Add a token to ${name}`}
      description="Beckon checks that it opens the same namespaces. Connections, their keys and runs stay."
      action={tokenKept ? "Replace token" : "Add token"}
      busy={replace.busy}
      error={replace.error}
      onSubmit={() => {
        setMissing(token.trim() === "");
        if (token.trim() !== "") void replace.run();
      }}
      onClose={onClose}
    >
      <StoreNotice store={store.data} need="The token needs a place to be kept." />
      <KeyField
        id="replacing-token"
        label="API token"
        rows={2}
        placeholder="dop_v1_…"
        value={token}
        onChange={(event) => setToken(event.target.value)}
        hint={
          tokenKept ? (
            <>
              In place of the one that ends in <span className="font-mono">{hint}</span>. That one stays valid
              until you revoke it in DigitalOcean.
            </>
          ) : (
            "In DigitalOcean: API › Tokens › Generate New Token. It is kept in the secret store, and renews the keys."
          )
        }
        error={missing ? "Paste the API token of the account." : undefined}
      />
      {replace.error !== null && <StoreRemedy action={replace.error.action} onDone={replace.clear} />}
    </FormDialog>
  );
}
