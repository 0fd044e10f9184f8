import { useState } from "react";
import { useAccounts, useSecretStore } from "@/api/queries";
import { Folded } from "@/functions/settings/Folded";
import { type Account, type AccountNamespaceView, api, type Environment } from "@/platform";
import { StoreNotice, StoreRemedy } from "@/secrets/StoreRemedy";
import { Button } from "@/ui/Button";
import { Checkbox, FormError, TextField } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { EnvironmentField } from "./EnvironmentField";
import { hostText } from "./host-text";
import { KeyField } from "./KeyField";
import { NamespaceChoice } from "./NamespaceChoice";
import { ProgressList } from "./ProgressList";
import { useConnecting } from "./useConnecting";
import type { Item } from "./useEach";
import type { Way } from "./way";

/** What was seen in an account, by a token that was typed or by one that is kept. */
interface Seen {
  account: Account | null;
  /** Its owner, or its host. */
  name: string;
  namespaces: readonly AccountNamespaceView[];
}

interface TokenWay extends Way {
  /** Takes a token that was pasted elsewhere. */
  take: (token: string) => void;
  /** Goes on with an account that is known. */
  open: (account: Account) => void;
}

const WHERE =
  "In DigitalOcean: API › Tokens › Generate New Token, with access to functions: it lists namespaces and makes an access key for each that you choose.";

/** Connections to the namespaces of a DigitalOcean account, by its API token. */
export function useTokenWay(onClose: () => void): TokenWay {
  const store = useSecretStore();
  const accounts = useAccounts().data?.filter(({ tokenKept }) => tokenKept) ?? [];
  const [token, setToken] = useState("");
  const [baseUrl, setBaseUrl] = useState("");
  const [missing, setMissing] = useState(false);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [keep, setKeep] = useState(true);
  const [environment, setEnvironment] = useState<Environment>("development");

  const shown = (found: Seen) => {
    setSeen(found);
    const fresh = found.namespaces.filter(({ connected }) => !connected);
    setChosen(new Set(fresh.length === 1 ? fresh.map(({ namespace }) => namespace) : []));
    connecting.clear();
  };
  const look = useAttempt(async (account: Account | null) => {
    if (account !== null) {
      const namespaces = await api.accountNamespaces({ account: account.id });
      shown({ account, name: account.name, namespaces });
      return;
    }
    const found = await api.lookAtAccount({ token: token.trim(), baseUrl: baseUrl.trim() || null });
    shown({ account: null, name: found.owner ?? hostText(found.baseUrl), namespaces: found.namespaces });
  });
  const connecting = useConnecting(async (namespaces) => {
    if (seen?.account) return api.connectNamespaces({ account: seen.account.id, namespaces, environment });
    const added = await api.addAccount({
      token: token.trim(),
      baseUrl: baseUrl.trim() || null,
      keepToken: keep,
      namespaces,
      environment,
    });
    return added.namespaces;
  });

  const wanted: Item[] = (seen?.namespaces ?? [])
    .filter(({ namespace }) => chosen.has(namespace))
    .map(({ namespace, label }) => ({ id: namespace, label: label === "" ? namespace : label }));
  // An account can be added for its namespaces to be made, or connected, later.
  const alone = wanted.length === 0 && seen?.account === null && keep;

  const connect = () =>
    connecting.run(wanted, () => {
      toast.success(
        alone
          ? `The account ${seen.name} is added`
          : wanted.length === 1
            ? `“${wanted[0]?.label}” is connected`
            : `${wanted.length} namespaces are connected`,
      );
      onClose();
    });

  const shared = {
    take: (pasted: string) => {
      setToken(pasted);
      setMissing(false);
      setSeen(null);
      look.clear();
    },
    open: (account: Account) => void look.run(account),
  };

  if (seen === null) {
    return {
      ...shared,
      footer: (
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="account-token" busy={look.busy}>
            Show namespaces
          </Button>
        </>
      ),
      body: (
        <form
          id="account-token"
          noValidate
          className="flex flex-col gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            setMissing(token.trim() === "");
            if (token.trim() !== "") void look.run(null);
          }}
        >
          {accounts.length > 0 && <KnownAccounts accounts={accounts} busy={look.busy} onOpen={shared.open} />}
          <KeyField
            id="account-token-field"
            label="API token"
            rows={2}
            placeholder="dop_v1_…"
            value={token}
            onChange={(event) => shared.take(event.target.value)}
            hint={WHERE}
            error={missing ? "Paste the API token of the account." : undefined}
          />
          <Folded title="API address" note={baseUrl || "https://api.digitalocean.com"} open={false}>
            <TextField
              id="account-base"
              label="API address"
              hint="Of DigitalOcean when it is empty. The gateway of another Beckon will do, for example http://127.0.0.1:6464."
              className="font-mono text-sm"
              placeholder="https://api.digitalocean.com"
              value={baseUrl}
              onChange={(event) => setBaseUrl(event.target.value)}
            />
          </Folded>
          {look.error !== null && (
            <>
              <FormError error={look.error} />
              <StoreRemedy action={look.error.action} onDone={look.clear} />
            </>
          )}
        </form>
      ),
    };
  }

  const { progress } = connecting;
  return {
    ...shared,
    footer: (
      <>
        {progress === null && (
          <Button className="mr-auto" onClick={() => setSeen(null)}>
            Back
          </Button>
        )}
        <Button onClick={onClose}>{progress === null ? "Cancel" : "Close"}</Button>
        <Button
          variant="primary"
          busy={connecting.busy}
          disabled={wanted.length === 0 && !alone}
          onClick={() => void connect()}
        >
          {progress !== null && !connecting.busy
            ? "Try the rest again"
            : alone
              ? "Add account"
              : connectText(wanted.length)}
        </Button>
      </>
    ),
    body: (
      <div className="flex flex-col gap-4">
        <StoreNotice store={store.data} need="The keys of connections need a place to be kept." />
        <p className="text-muted">
          Account <span className="font-medium text-fg">{seen.name}</span>
        </p>
        {progress !== null ? (
          <ProgressList progress={progress} label="Namespaces" />
        ) : (
          <>
            {seen.namespaces.length === 0 ? (
              <NoNamespace known={seen.account !== null} />
            ) : (
              <>
                <NamespaceChoice namespaces={seen.namespaces} chosen={chosen} onChange={setChosen} />
                <EnvironmentField value={environment} onChange={setEnvironment} />
              </>
            )}
            {seen.account === null && <KeepToken keep={keep} onChange={setKeep} />}
          </>
        )}
        {connecting.error !== null && (
          <>
            <FormError error={connecting.error} />
            <StoreRemedy action={connecting.error.action} />
          </>
        )}
      </div>
    ),
  };
}

function NoNamespace({ known }: { known: boolean }) {
  return (
    <div className="rounded-lg border border-line px-3 py-3">
      <p className="font-medium">This account has no namespace yet</p>
      <p className="text-muted">
        {known
          ? "Make one here: New namespace, beside the account on the Connections page."
          : "Add the account, then make its first namespace here: New namespace, beside the account on the Connections page."}
      </p>
    </div>
  );
}

function connectText(count: number): string {
  if (count === 0) return "Connect";
  return count === 1 ? "Connect 1 namespace" : `Connect ${count} namespaces`;
}

function KeepToken({ keep, onChange }: { keep: boolean; onChange: (keep: boolean) => void }) {
  return (
    <div>
      <label htmlFor="keep-token" className="flex min-h-6 items-center gap-2.5">
        <Checkbox id="keep-token" checked={keep} onChange={(event) => onChange(event.target.checked)} />
        Keep the token to renew the keys
      </label>
      <p className="pl-6.5 text-sm text-subtle">
        {keep
          ? "Each connection gets an access key of its own for 30 days. The token stays in the secret store, and Beckon makes a new key before one ends."
          : "Each connection gets an access key of its own, which ends after 30 days. Then you paste a token again."}
      </p>
    </div>
  );
}

interface KnownAccountsProps {
  accounts: readonly Account[];
  busy: boolean;
  onOpen: (account: Account) => void;
}

function KnownAccounts({ accounts, busy, onOpen }: KnownAccountsProps) {
  return (
    <ul aria-label="Known accounts" className="mb-3 divide-y divide-line rounded-lg border border-line">
      {accounts.map((account) => (
        <li key={account.id} className="flex items-center gap-3 py-1.5 pr-2 pl-3">
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{account.name}</span>
            <span className="block text-sm text-subtle">
              Token <span className="font-mono">…{account.hint}</span> is kept
            </span>
          </span>
          <Button
            disabled={busy}
            onClick={() => onOpen(account)}
            aria-label={`Choose namespaces of ${account.name}`}
          >
            Choose namespaces
          </Button>
        </li>
      ))}
    </ul>
  );
}
