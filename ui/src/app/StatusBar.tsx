import { KeyRound, Layers, Lock, Plug, TriangleAlert, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useLink } from "@/api/events";
import { useConnections, useEngine, useOverview, useSecretStore } from "@/api/queries";
import type { SecretStoreState } from "@/platform";
import { CopyButton } from "@/ui/CopyButton";
import { cx } from "@/ui/cx";
import { EnginePopover } from "./EnginePopover";
import { EnvironmentMark } from "./environment";
import { useActiveConnection } from "./Shell";
import { useShell } from "./ui-state";

export function StatusBar() {
  const engine = useEngine();
  const overview = useOverview();
  const link = useLink((state) => state.state);
  const active = useActiveConnection();
  const gateway = overview.data?.gatewayUrl;

  return (
    <footer className="flex h-7 shrink-0 items-center gap-1 border-t border-line bg-bg px-2 text-sm text-muted">
      {active !== undefined && <EnvironmentMark environment={active.environment} className="mx-2" />}
      <EnginePopover engine={engine.data} lost={link === "lost"} />
      <Item icon={<Layers size={13} aria-hidden />} title="Accepted runs that have not begun">
        Queue {engine.data?.queued ?? "–"}
      </Item>
      {gateway !== undefined && (
        <span className="flex items-center">
          <Item
            icon={<Plug size={13} aria-hidden />}
            title="Where curl, CLIs and SDKs reach the local engine"
          >
            {gateway === null ? "Gateway not served" : <span className="font-mono text-xs">{gateway}</span>}
          </Item>
          {gateway !== null && <CopyButton text={gateway} label="Copy gateway URL" />}
        </span>
      )}
      <span className="flex-1" />
      <FailingConnections />
      <SecretStore />
      {link === "lost" && (
        <Item icon={<Unplug size={13} aria-hidden />} className="text-bad">
          Beckon does not answer
        </Item>
      )}
      {overview.data && <Item>{`Beckon ${overview.data.version}`}</Item>}
    </footer>
  );
}

function Item({
  icon,
  title,
  className,
  children,
}: {
  icon?: ReactNode;
  title?: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      title={title}
      className={cx("inline-flex items-center gap-1.5 px-1.5 whitespace-nowrap", className)}
    >
      {icon}
      {children}
    </span>
  );
}

function FailingConnections() {
  const failing = (useConnections().data ?? []).filter(({ state }) => state.state === "failing");
  if (failing.length === 0) return null;
  return (
    <Item icon={<TriangleAlert size={13} aria-hidden />} className="text-bad">
      {failing.length === 1
        ? `${failing[0]?.name} not reachable`
        : `${failing.length} connections not reachable`}
    </Item>
  );
}

const STORE_TEXT: Record<SecretStoreState["state"], string> = {
  keychain: "Secrets in the keychain",
  file_unlocked: "Secrets in the encrypted file",
  file_locked: "Secrets locked",
  unavailable: "No place for secrets",
};

function SecretStore() {
  const store = useSecretStore();
  const show = useShell((shell) => shell.show);
  if (!store.data) return null;
  const { state } = store.data;
  if (state === "keychain" || state === "file_unlocked") {
    return <Item icon={<KeyRound size={13} aria-hidden />}>{STORE_TEXT[state]}</Item>;
  }
  return (
    <button
      type="button"
      onClick={() => show({ type: state === "file_locked" ? "unlock" : "secret-file" })}
      className="inline-flex h-6 items-center gap-1.5 rounded-sm px-1.5 whitespace-nowrap text-warn hover:bg-hover"
    >
      {state === "file_locked" ? <Lock size={13} aria-hidden /> : <KeyRound size={13} aria-hidden />}
      {STORE_TEXT[state]}
    </button>
  );
}
