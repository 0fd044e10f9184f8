import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { useSecretStore } from "@/api/queries";
import { api, type FunctionDetail, type FunctionRef } from "@/platform";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Section } from "@/ui/Section";
import { SecretDialog } from "./SecretDialog";

interface SecretsSectionProps {
  target: FunctionRef;
  secrets: readonly string[];
  editable: boolean;
  /** They are all environment variables of a provider's function, whose values stay at the provider. */
  there: boolean;
  onChange: (detail: FunctionDetail) => void;
}

export function SecretsSection({ target, secrets, editable, there, onChange }: SecretsSectionProps) {
  const [dialog, setDialog] = useState<
    { type: "set"; name?: string } | { type: "remove"; name: string } | null
  >(null);
  const store = useSecretStore().data;
  const closed = !there && (store?.state === "unavailable" || store?.state === "file_locked");

  return (
    <Section
      title={there ? "Environment" : "Secrets"}
      description={
        there
          ? "Variables whose values stay at the provider. They are never shown here; set them anew to change them. Every change takes effect at once."
          : "Environment variables whose values lie in the secret store. They are never shown again; set them anew to change them. Every change takes effect at once."
      }
    >
      <div className="flex max-w-180 flex-col gap-2">
        {secrets.length === 0 ? (
          <p className="text-subtle">None.</p>
        ) : (
          <ul className="divide-y divide-line rounded-lg border border-line">
            {secrets.map((name) => (
              <li key={name} className="flex h-9 items-center gap-2 px-3">
                <KeyRound size={14} className="shrink-0 text-subtle" aria-hidden />
                <code className="flex-1 truncate">{name}</code>
                {editable && (
                  <>
                    <Button
                      size="sm"
                      disabled={closed}
                      onClick={() => setDialog({ type: "set", name })}
                      aria-label={`Replace ${name}`}
                    >
                      Replace…
                    </Button>
                    <Button
                      size="sm"
                      variant="danger-quiet"
                      onClick={() => setDialog({ type: "remove", name })}
                      aria-label={`Remove ${name}`}
                    >
                      Remove
                    </Button>
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
        {editable && (
          <div className="flex items-center gap-3">
            <Button
              icon={<Plus size={14} aria-hidden />}
              disabled={closed}
              onClick={() => setDialog({ type: "set" })}
            >
              {there ? "Add variable…" : "Add secret…"}
            </Button>
            {closed && (
              <p className="text-warn">
                {store?.state === "file_locked"
                  ? "Unlock the secret store first."
                  : "There is no secret store; choose an encrypted file first."}
              </p>
            )}
          </div>
        )}
      </div>
      {dialog?.type === "set" && (
        <SecretDialog
          target={target}
          name={dialog.name}
          there={there}
          onSaved={onChange}
          onClose={() => setDialog(null)}
        />
      )}
      <ConfirmDialog
        open={dialog?.type === "remove"}
        onOpenChange={() => setDialog(null)}
        title={`Remove the ${there ? "variable" : "secret"} ${dialog?.name}?`}
        action="Remove"
        onConfirm={async () => {
          if (dialog?.type === "remove") {
            onChange(await api.removeFunctionSecret({ function: target, name: dialog.name }));
          }
        }}
      >
        {there
          ? "The function gets a new version without it, and its value is gone at the provider."
          : "Its value is removed from the secret store, and the function gets a new version without it."}
      </ConfirmDialog>
    </Section>
  );
}
