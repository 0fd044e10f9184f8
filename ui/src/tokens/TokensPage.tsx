import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { useTokens } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import { api, type Token } from "@/platform";
import { announce } from "@/ui/announce";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { TokenTable } from "./TokenTable";
import { scopeText } from "./token-state";

export function TokensPage() {
  const tokens = useTokens();
  const show = useShell((shell) => shell.show);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      onClick={() => show({ type: "new-token" })}
    >
      New token
    </Button>
  );
  const empty = tokens.data?.length === 0;

  async function forget(token: Token) {
    try {
      await api.forgetToken({ id: token.id });
      announce(`${token.name} is removed from the list`);
    } catch (thrown) {
      toast.failure(thrown);
    }
    await tokens.refetch();
  }

  return (
    <>
      <PageHeader
        title="Tokens"
        description="What curl, CLIs and SDKs call the local gateway with. A revoked or expired one is refused at once."
        actions={empty ? undefined : create}
      />
      {tokens.data === undefined ? (
        tokens.isError ? (
          <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />
        ) : (
          <Skeleton rows={6} className="px-6 pt-4" />
        )
      ) : empty ? (
        <EmptyState icon={<KeyRound size={24} aria-hidden />} title="There is no token yet" action={create}>
          A token lets a program outside this window call your functions: curl, a CLI, an SDK, a job in CI. It
          reaches one namespace or one function, for as long as you choose.
        </EmptyState>
      ) : (
        <TokenTable tokens={tokens.data} onRevoke={setRevoking} onForget={(token) => void forget(token)} />
      )}
      <ConfirmDialog
        open={revoking !== null}
        onOpenChange={() => setRevoking(null)}
        title={`Revoke “${revoking?.name}”?`}
        action="Revoke"
        onConfirm={async () => {
          if (revoking === null) return;
          await api.revokeToken({ id: revoking.id });
          void tokens.refetch();
        }}
      >
        Programs that reach{" "}
        {revoking && <strong className="font-medium text-fg">{scopeText(revoking.scope)}</strong>} with it are
        refused from this moment on. This cannot be undone; make a new token instead.
      </ConfirmDialog>
    </>
  );
}
