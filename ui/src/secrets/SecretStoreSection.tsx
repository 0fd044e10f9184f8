import { CircleCheck, Lock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useSecretStore } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import type { SecretStoreState } from "@/platform";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { TryKeychainButton } from "./TryKeychainButton";

export function SecretStoreSection() {
  const store = useSecretStore();
  return (
    <Section
      title="Secret store"
      description="Where keys of connections, tokens and secret variables are kept. They are never in the database, and on this page only when you ask for them."
    >
      {store.isError && !store.data ? (
        <ErrorState error={store.error} onRetry={() => void store.refetch()} />
      ) : store.data ? (
        <Store store={store.data} />
      ) : (
        <Skeleton rows={2} />
      )}
    </Section>
  );
}

function Store({ store }: { store: SecretStoreState }) {
  const show = useShell((shell) => shell.show);
  switch (store.state) {
    case "keychain":
      return (
        <Place icon={<CircleCheck size={16} aria-hidden className="text-ok" />} title="The system’s keychain">
          Secrets are kept by the operating system and open with your session.
        </Place>
      );
    case "file_unlocked":
      return (
        <Place
          icon={<CircleCheck size={16} aria-hidden className="text-ok" />}
          title="An encrypted file, unlocked"
          actions={<TryKeychainButton label="Move to the keychain" />}
        >
          The file is in the data directory and stays open until Beckon stops.
        </Place>
      );
    case "file_locked":
      return (
        <Place
          icon={<Lock size={16} aria-hidden className="text-warn" />}
          title="An encrypted file, locked"
          actions={
            <Button variant="primary" onClick={() => show({ type: "unlock" })}>
              Unlock…
            </Button>
          }
        >
          Connections, secret variables and kept tokens wait for its passphrase.
        </Place>
      );
    case "unavailable":
      return (
        <Place
          icon={<TriangleAlert size={16} aria-hidden className="text-warn" />}
          title="No place for secrets"
          actions={
            <>
              <TryKeychainButton />
              <Button variant="primary" onClick={() => show({ type: "secret-file" })}>
                Use an encrypted file…
              </Button>
            </>
          }
        >
          <p>{store.reason}</p>
          <p>Until there is one, tokens are shown once and not stored, and keys cannot be saved.</p>
        </Place>
      );
  }
}

interface PlaceProps {
  icon: ReactNode;
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}

function Place({ icon, title, actions, children }: PlaceProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line px-3 py-2.5">
      <div className="flex min-w-80 flex-1 items-start gap-3">
        <span className="mt-0.5 shrink-0">{icon}</span>
        <div className="min-w-0">
          <p className="font-medium">{title}</p>
          <div className="text-muted">{children}</div>
        </div>
      </div>
      {actions !== undefined && <div className="flex shrink-0 items-center gap-2">{actions}</div>}
    </div>
  );
}
