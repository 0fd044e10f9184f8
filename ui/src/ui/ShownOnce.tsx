import { CircleCheck, Copy, TriangleAlert } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { copyText } from "@/platform";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { useAttempt } from "./useAttempt";

interface ShownOnceProps {
  title: string;
  description: ReactNode;
  secret: string;
  /** Of the button that copies it. */
  copyLabel: string;
  /** What becomes of it, after the warning. */
  note: ReactNode;
  children?: ReactNode;
  onClose: () => void;
}

/** A secret that has just been made: the only time that it is shown unasked. */
export function ShownOnce({
  title,
  description,
  secret,
  copyLabel,
  note,
  children,
  onClose,
}: ShownOnceProps) {
  const copyButton = useRef<HTMLButtonElement>(null);
  const [copied, setCopied] = useState(false);
  const [warned, setWarned] = useState(false);
  const copy = useAttempt(async () => {
    await copyText(secret);
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
      title={title}
      description={description}
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
            {copied ? "Copied" : copyLabel}
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
        {secret}
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
          <span className="text-muted">{note}</span>
        </span>
      </p>
      {children}
    </Dialog>
  );
}
