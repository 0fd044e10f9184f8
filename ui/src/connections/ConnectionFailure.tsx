import { CircleAlert } from "lucide-react";
import type { PanelError } from "@/platform";
import { type Explained, explain } from "@/platform/errors";
import { StoreRemedy } from "@/secrets/StoreRemedy";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";

interface ConnectionFailureProps {
  name: string;
  error: PanelError | Explained;
  checking: boolean;
  onCheck: () => void;
  onEdit: () => void;
}

/** The sentence, the cause and the next action of a connection that does not work. */
export function ConnectionFailure({ name, error, checking, onCheck, onEdit }: ConnectionFailureProps) {
  const shown = "severity" in error ? error : explain(error);
  const keyed = shown.action === "openConnections";
  return (
    <div
      data-testid="connection-failure"
      className="flex items-start gap-2 rounded-md bg-bad-soft py-2 pr-2 pl-3"
    >
      <CircleAlert size={15} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="break-words">
          <span className="font-medium text-bad">{shown.message}</span>{" "}
          {shown.hint !== null && <span>{shown.hint}</span>}
        </p>
        {shown.details !== null && (
          <p className="flex items-center gap-1 font-mono text-xs break-all text-muted">
            {shown.details}
            <CopyButton text={`${shown.code}: ${shown.message}\n${shown.details}`} label="Copy details" />
          </p>
        )}
      </div>
      <div className="flex shrink-0 items-center gap-1">
        <StoreRemedy action={shown.action} />
        <Button
          variant="ghost"
          onClick={onEdit}
          aria-label={`${keyed ? "Enter another key" : "Edit"}: ${name}`}
        >
          {keyed ? "Enter another key…" : "Edit…"}
        </Button>
        <Button onClick={onCheck} busy={checking} aria-label={`Try again: ${name}`}>
          Try again
        </Button>
      </div>
    </div>
  );
}
