import { useFunctions, useOverview } from "@/api/queries";
import type { NewToken, Token } from "@/platform";
import { CopyButton } from "@/ui/CopyButton";
import { formatDateTime } from "@/ui/format";
import { ShownOnce } from "@/ui/ShownOnce";
import { scopeText } from "./token-state";
import { accountLine, exampleOf, usageLine } from "./usage";

/** The only time that a credential is shown unasked. */
export function CreatedToken({ created, onClose }: { created: NewToken; onClose: () => void }) {
  const { token, credential } = created;
  return (
    <ShownOnce
      title={`Token “${token.name}”`}
      description={`Reaches ${scopeText(token.scope)}. ${token.expires === null ? "It never expires." : `It expires on ${formatDateTime(token.expires)}.`}`}
      secret={credential}
      copyLabel="Copy token"
      note={keptText(token)}
      onClose={onClose}
    >
      <Usage created={created} />
    </ShownOnce>
  );
}

function keptText({ kept, kind }: Token): string {
  if (kind === "digitalocean") return "Its secret is not kept on this machine: nothing here needs it.";
  return kept
    ? "Its secret is kept in the secret store, so Show token and Copy curl can use it."
    : "Its secret is not kept on this machine, so Show token and Copy curl cannot use it.";
}

function Usage({ created: { token, credential } }: { created: NewToken }) {
  const overview = useOverview().data;
  const functions = useFunctions("local");
  const { scope } = token;
  const gateway = overview?.gatewayUrl;
  if (gateway === undefined) return null;
  if (gateway === null) {
    return (
      <p className="mt-4 text-muted">The gateway is not served now, so nothing can be called with it yet.</p>
    );
  }
  const lineWith = (secret: string, shown: string) => {
    if (token.kind === "digitalocean" || scope.type === "account") return accountLine(gateway, secret);
    const name =
      scope.type === "function"
        ? scope.name
        : exampleOf(scope.namespace, overview?.firstFunction ?? null, functions.data ?? []);
    return usageLine(gateway, scope, name, shown);
  };
  const line = lineWith(credential, credential);
  return (
    <div className="mt-4">
      <div className="flex items-center justify-between">
        <h3 className="font-medium">
          Use it{" "}
          <span className="font-normal text-muted">(the copied command has the whole token in it)</span>
        </h3>
        <CopyButton text={line} label="Copy command" />
      </div>
      <code
        data-testid="token-usage"
        className="mt-1 block rounded-md border border-line bg-inset px-3 py-2.5 break-words text-muted"
      >
        {lineWith(`dop_v1_…${token.hint}`, `${token.id}:…${token.hint}`)}
      </code>
    </div>
  );
}
