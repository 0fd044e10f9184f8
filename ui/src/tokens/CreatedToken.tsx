import { CircleCheck, Copy, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";
import { useFunctions, useOverview } from "@/api/queries";
import { copyText, type NewToken } from "@/platform";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { formatDateTime } from "@/ui/format";
import { useAttempt } from "@/ui/useAttempt";
import { scopeText } from "./token-state";
import { exampleOf, usageLine } from "./usage";

/** The only time that a credential is shown unasked. */
export function CreatedToken({ created, onClose }: { created: NewToken; onClose: () => void }) {
  const { token, credential } = created;
  const copyButton = useRef<HTMLButtonElement>(null);
  const [copied, setCopied] = useState(false);
  const [warned, setWarned] = useState(false);
  const copy = useAttempt(async () => {
    await copyText(credential);
    setCopied(true);
  });

  // A slip of the Escape key must not lose what cannot be shown again.
  function close() {
    if (copied || warned) onClose();
    else setWarned(true);
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      width="md"
      title={`Token “${token.name}”`}
      description={`Reaches ${scopeText(token.scope)}. ${token.expires === null ? "It never expires." : `It expires on ${formatDateTime(token.expires)}.`}`}
      initialFocus={copyButton}
      footer={
        <>
          {warned && !copied && (
            <p role="alert" className="mr-auto text-warn">
              It is not copied yet.
            </p>
          )}
          <Button
            ref={copyButton}
            variant={copied ? "secondary" : "primary"}
            icon={
              copied ? (
                <CircleCheck size={14} aria-hidden className="text-ok" />
              ) : (
                <Copy size={14} aria-hidden />
              )
            }
            onClick={() => void copy.run()}
          >
            {copied ? "Copied" : "Copy token"}
          </Button>
          <Button variant={copied ? "primary" : "secondary"} onClick={close}>
            {warned && !copied ? "Close without copying" : "Done"}
          </Button>
        </>
      }
    >
      <code
        data-testid="new-credential"
        onCopy={() => setCopied(true)}
        className="block rounded-md border border-line bg-inset px-3 py-2.5 break-all select-all"
      >
        {credential}
      </code>
      {copy.error !== null && (
        <p role="alert" className="mt-2 text-bad">
          {copy.error.message} Select the text and copy it by hand.
        </p>
      )}
      <p className="mt-3 flex items-start gap-2">
        <TriangleAlert size={15} className="mt-0.5 shrink-0 text-warn" aria-hidden />
        <span>
          <strong className="font-medium">You will not see this again on this page.</strong>{" "}
          <span className="text-muted">
            {token.kept
              ? "Its secret is kept in the secret store, so Show token and Copy curl can use it."
              : "Its secret is not kept on this machine, so Show token and Copy curl cannot use it."}
          </span>
        </span>
      </p>
      <Usage created={created} />
    </Dialog>
  );
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
  const name =
    scope.type === "function"
      ? scope.name
      : exampleOf(scope.namespace, overview?.firstFunction ?? null, functions.data ?? []);
  const line = usageLine(gateway, scope, name, credential);
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
        {usageLine(gateway, scope, name, `${token.id}:…${token.hint}`)}
      </code>
    </div>
  );
}
