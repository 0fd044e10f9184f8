import { KeyRound, Lock, TriangleAlert, Unplug, X } from "lucide-react";
import type { ReactNode } from "react";
import { useState } from "react";
import { useLink } from "@/api/events";
import { useConnections, useSecretStore } from "@/api/queries";
import { api, type Connection } from "@/platform";
import { explain } from "@/platform/errors";
import { TryKeychainButton } from "@/secrets/TryKeychainButton";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { useShell } from "./ui-state";

/** What is wrong for longer than a moment: one line each, with the way out beside it. */
export function Banners() {
  const link = useLink((state) => state.state);
  const connections = useConnections();
  const hidden = useShell((shell) => shell.hiddenFailures);
  return (
    <div className="shrink-0 empty:hidden" data-testid="banners">
      {link === "lost" && (
        <Banner tone="bad" icon={<Unplug size={15} aria-hidden />}>
          <strong className="font-medium">Beckon does not answer.</strong> It may have been stopped. What you
          see is what was last known; this page continues by itself when Beckon is back.
        </Banner>
      )}
      <StoreBanner />
      {(connections.data ?? []).map((connection) =>
        connection.state.state === "failing" && hidden[connection.id] !== connection.state.error.message ? (
          <ConnectionBanner key={connection.id} connection={connection} />
        ) : null,
      )}
    </div>
  );
}

function Banner({
  tone,
  icon,
  actions,
  children,
}: {
  tone: "warn" | "bad";
  icon: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div
      role="status"
      className={cx(
        "flex min-h-10 items-center gap-3 border-b border-line py-1.5 pr-3 pl-4",
        tone === "bad" ? "bg-bad-soft" : "bg-warn-soft",
      )}
    >
      <span className={tone === "bad" ? "text-bad" : "text-warn"}>{icon}</span>
      <p className="min-w-0 flex-1">{children}</p>
      <div className="flex shrink-0 items-center gap-1">{actions}</div>
    </div>
  );
}

function StoreBanner() {
  const store = useSecretStore();
  const { show, storeBannerHidden, hideStoreBanner } = useShell();
  if (store.data?.state === "file_locked") {
    return (
      <Banner
        tone="warn"
        icon={<Lock size={15} aria-hidden />}
        actions={<Button onClick={() => show({ type: "unlock" })}>Unlock…</Button>}
      >
        <strong className="font-medium">The secrets are locked.</strong> Connections, secret variables and
        real tokens need the passphrase of the encrypted file.
      </Banner>
    );
  }
  if (store.data?.state !== "unavailable" || storeBannerHidden) return null;
  return (
    <Banner
      tone="warn"
      icon={<KeyRound size={15} aria-hidden />}
      actions={
        <>
          <TryKeychainButton />
          <Button onClick={() => show({ type: "secret-file" })}>Use an encrypted file…</Button>
          <IconButton label="Not now" icon={<X size={15} aria-hidden />} onClick={hideStoreBanner} />
        </>
      }
    >
      <strong className="font-medium">{store.data.reason}</strong> Until you choose a place for secrets,
      tokens are shown only once and keys cannot be saved.
    </Banner>
  );
}

function ConnectionBanner({ connection }: { connection: Connection }) {
  const hide = useShell((shell) => shell.hideFailure);
  const [busy, setBusy] = useState(false);
  if (connection.state.state !== "failing") return null;
  const shown = explain(connection.state.error);

  async function check() {
    setBusy(true);
    // The answer arrives as an event too; a failure here is the state that the banner shows already.
    await api.checkConnection({ id: connection.id }).catch(() => undefined);
    setBusy(false);
  }

  return (
    <Banner
      tone="bad"
      icon={<TriangleAlert size={15} aria-hidden />}
      actions={
        <>
          <Button onClick={check} busy={busy}>
            Try again
          </Button>
          <IconButton
            label={`Hide the notice about ${connection.name}`}
            icon={<X size={15} aria-hidden />}
            onClick={() => hide(connection.id, shown.message)}
          />
        </>
      }
    >
      <strong className="font-medium">{connection.name}:</strong> {shown.message}{" "}
      {shown.hint !== null && <span className="text-muted">{shown.hint}</span>}
    </Banner>
  );
}
