import { CircleAlert, RotateCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { explain } from "@/platform/errors";
import { Button } from "./Button";
import { CopyButton } from "./CopyButton";

interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
  /** Another way on, beside or instead of trying again. */
  action?: ReactNode;
  /** It stands for the whole page, so its title is the page's heading. */
  page?: boolean;
}

export function ErrorState({ error, onRetry, action, page = false }: ErrorStateProps) {
  const shown = explain(error);
  const Title = page ? "h1" : "p";
  const Icon = shown.severity === "error" ? CircleAlert : TriangleAlert;
  return (
    <div role="alert" className="mx-auto flex max-w-130 flex-col items-center px-6 py-14 text-center">
      <Icon
        size={24}
        aria-hidden
        className={shown.severity === "error" ? "mb-3 text-bad" : "mb-3 text-warn"}
      />
      <Title className="font-medium">{shown.title}</Title>
      <p className="mt-1 break-words text-muted">{shown.message}</p>
      {shown.hint !== null && <p className="mt-1 text-muted">{shown.hint}</p>}
      <div className="mt-4 flex flex-wrap items-center justify-center gap-2">
        {onRetry !== undefined && (
          <Button onClick={onRetry} icon={<RotateCw size={14} aria-hidden />}>
            Try again
          </Button>
        )}
        {action}
        {shown.details !== null && (
          <CopyButton text={`${shown.code}: ${shown.message}\n${shown.details}`} label="Copy details" words />
        )}
      </div>
      {shown.details !== null && (
        <p className="mt-3 max-h-24 overflow-y-auto font-mono text-xs break-all text-subtle">
          {shown.details}
        </p>
      )}
    </div>
  );
}
