import type { AccountNamespaceView } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Checkbox } from "@/ui/Field";
import { hostText } from "./host-text";

interface NamespaceChoiceProps {
  namespaces: readonly AccountNamespaceView[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
}

/** The namespaces of an account, to be ticked. */
export function NamespaceChoice({ namespaces, chosen, onChange }: NamespaceChoiceProps) {
  // To connect one again replaces a key that works: that is ticked one by one.
  const fresh = namespaces.filter(({ connected }) => !connected).map(({ namespace }) => namespace);
  const all = fresh.every((namespace) => chosen.has(namespace));
  const toggle = (namespace: string) => {
    const next = new Set(chosen);
    if (!next.delete(namespace)) next.add(namespace);
    onChange(next);
  };
  return (
    <fieldset className="min-w-0">
      <legend className="font-medium">Namespaces</legend>
      {fresh.length > 1 && (
        <label htmlFor="namespace-all" className="flex min-h-7 items-center gap-2.5 px-3 text-muted">
          <Checkbox
            id="namespace-all"
            checked={all}
            ref={(box) => {
              if (box) box.indeterminate = !all && chosen.size > 0;
            }}
            onChange={() => onChange(new Set(all ? [] : fresh))}
          />
          All {fresh.length}
          {fresh.length < namespaces.length && " that are not connected"}
        </label>
      )}
      <ul className="mt-1 max-h-56 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {namespaces.map(({ namespace, label, region, apiHost, connected, keyRefused }) => (
          <li key={namespace}>
            <label
              htmlFor={`ns-${namespace}`}
              className="flex items-start gap-2.5 px-3 py-2 hover:bg-hover/50"
            >
              <Checkbox
                id={`ns-${namespace}`}
                className="mt-0.5"
                checked={chosen.has(namespace)}
                onChange={() => toggle(namespace)}
              />
              <span className="min-w-0 flex-1">
                <span className="flex flex-wrap items-center gap-x-2">
                  <span className="font-medium break-all">{label === "" ? namespace : label}</span>
                  {region !== "" && <span className="text-muted">{region}</span>}
                  {keyRefused ? (
                    <Badge tone="warn">Key refused</Badge>
                  ) : (
                    connected && <Badge tone="ok">Connected</Badge>
                  )}
                </span>
                <span className="block font-mono text-xs break-all text-subtle">
                  {label === "" ? "" : `${namespace} · `}
                  {hostText(apiHost)}
                </span>
                {(keyRefused || (connected && chosen.has(namespace))) && (
                  <span className="block text-sm text-muted">
                    Its connection gets a new key, and keeps its runs.
                  </span>
                )}
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
