import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FileSearch, RotateCw } from "lucide-react";
import { useRef, useState } from "react";
import { keys } from "@/api/keys";
import { useSecretStore } from "@/api/queries";
import { useSidebar } from "@/app/ui-state";
import { type Account, api, type Environment, type FoundCredential, type FoundSource } from "@/platform";
import { StoreNotice } from "@/secrets/StoreRemedy";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Checkbox } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { EnvironmentField } from "./EnvironmentField";
import { hostText } from "./host-text";
import { ProgressList } from "./ProgressList";
import { useEach } from "./useEach";
import type { Way } from "./way";

const SOURCE: Record<FoundSource, string> = {
  wskprops: "wsk",
  doctl: "doctl",
  doctl_account: "doctl",
  nimbella: "nim",
  faas_cli: "faas-cli",
};

interface FoundWayOptions {
  /** It is the way that is shown: only then files are read. */
  active: boolean;
  onClose: () => void;
  /** An account was taken over; its namespaces are chosen next. */
  onAccount: (account: Account) => void;
}

/** Connections from the credentials that other tools keep on the machine. */
export function useFoundWay({ active, onClose, onAccount }: FoundWayOptions): Way {
  const client = useQueryClient();
  const store = useSecretStore();
  const choose = useSidebar((sidebar) => sidebar.choose);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [environment, setEnvironment] = useState<Environment>("development");
  const found = useQuery({
    queryKey: keys.foundCredentials,
    queryFn: ({ signal }) => api.foundCredentials(signal),
    enabled: active,
    // Of other people's files: read when it is asked for, and not remembered.
    staleTime: 0,
    gcTime: 0,
  });
  const wanted = (found.data ?? [])
    .filter(({ id }) => chosen.has(id))
    .map((credential) => ({ id: credential.id, label: titleOf(credential) }));

  // Over several attempts at the same import.
  const accounts = useRef<Account[]>([]);
  const each = useEach<{ id: string; label: string }>(async ({ id }) => {
    const imported = await api.importFound({ ids: [id], environment });
    await client.invalidateQueries({ queryKey: keys.connections });
    if (imported.connections[0]) choose(imported.connections[0].id);
    accounts.current.push(...imported.accounts);
  });

  async function take() {
    const all = await each.run(wanted);
    const [account] = accounts.current;
    if (!all) return;
    toast.success(
      wanted.length === 1 ? `“${wanted[0]?.label}” is imported` : `${wanted.length} are imported`,
    );
    if (account) onAccount(account);
    else onClose();
  }

  const list = found.data ?? [];
  const keyed = list.some(({ id, source }) => chosen.has(id) && source !== "doctl_account");
  return {
    footer: (
      <>
        <Button
          className="mr-auto"
          icon={<RotateCw size={14} aria-hidden />}
          busy={found.isFetching}
          onClick={() => {
            each.clear();
            void found.refetch();
          }}
        >
          Look again
        </Button>
        <Button onClick={onClose}>{each.progress === null ? "Cancel" : "Close"}</Button>
        <Button variant="primary" busy={each.busy} disabled={wanted.length === 0} onClick={() => void take()}>
          {each.progress !== null && !each.busy
            ? "Try the rest again"
            : wanted.length > 1
              ? `Import ${wanted.length}`
              : "Import"}
        </Button>
      </>
    ),
    body:
      found.data === undefined ? (
        found.isError ? (
          <ErrorState error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton rows={4} />
        )
      ) : list.length === 0 ? (
        <EmptyState compact icon={<FileSearch size={24} aria-hidden />} title="Nothing was found">
          Beckon looked where <code>wsk</code> (<code>~/.wskprops</code>), <code>doctl</code> and{" "}
          <code>nim</code> keep their credentials, for the user that it runs for. Log in with one of them, or
          choose another way above.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-4">
          <StoreNotice store={store.data} need="The keys of connections need a place to be kept." />
          {each.progress !== null ? (
            <ProgressList progress={each.progress} label="Credentials" />
          ) : (
            <>
              <FoundList
                list={list}
                chosen={chosen}
                onToggle={(id) => {
                  const next = new Set(chosen);
                  if (!next.delete(id)) next.add(id);
                  setChosen(next);
                }}
              />
              {keyed && <EnvironmentField value={environment} onChange={setEnvironment} />}
            </>
          )}
        </div>
      ),
  };
}

function titleOf({ source, label, namespace, apiHost }: FoundCredential): string {
  if (source === "doctl_account") return `API token${label === null ? "" : ` of context “${label}”`}`;
  return label ?? namespace ?? (apiHost === null ? "Not readable" : hostText(apiHost));
}

interface FoundListProps {
  list: readonly FoundCredential[];
  chosen: ReadonlySet<string>;
  onToggle: (id: string) => void;
}

/** What is there, from which file. Nothing is taken over without a tick. */
function FoundList({ list, chosen, onToggle }: FoundListProps) {
  return (
    <div>
      <p className="mb-1 text-muted">
        What you tick is copied into the secret store; the files stay as they are.
      </p>
      <ul aria-label="Credentials" className="divide-y divide-line rounded-lg border border-line">
        {list.map((credential) => {
          const { id, source, path, apiHost, namespace, keyHint, problem, connected } = credential;
          const title = titleOf(credential);
          const facts = [apiHost && hostText(apiHost), namespace].filter((fact) => fact && fact !== title);
          return (
            <li key={id}>
              <label htmlFor={`found-${id}`} className="flex items-start gap-2.5 px-3 py-2 hover:bg-hover/50">
                <Checkbox
                  id={`found-${id}`}
                  className="mt-0.5"
                  checked={chosen.has(id)}
                  disabled={problem !== null || connected}
                  onChange={() => onToggle(id)}
                />
                <span className="min-w-0 flex-1">
                  <span className="flex flex-wrap items-center gap-x-2">
                    <span className="font-medium break-all">{title}</span>
                    <Badge>{SOURCE[source]}</Badge>
                    {connected && (
                      <Badge tone="ok">{source === "doctl_account" ? "Known" : "Connected"}</Badge>
                    )}
                    {keyHint !== "" && (
                      <span className="text-sm text-subtle">
                        {source === "doctl_account" ? "Token" : "Key"}{" "}
                        <span className="font-mono">…{keyHint}</span>
                      </span>
                    )}
                  </span>
                  {facts.length > 0 && (
                    <span className="block break-all text-muted">{facts.join(" · ")}</span>
                  )}
                  <span className="block font-mono text-xs break-all text-subtle">{path}</span>
                  {problem !== null && <span className="block text-warn">{problem}</span>}
                  {source === "doctl_account" && chosen.has(id) && (
                    <span className="block text-sm text-muted">You choose among its namespaces next.</span>
                  )}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
