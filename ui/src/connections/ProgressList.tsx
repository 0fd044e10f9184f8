import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { StoreRemedy } from "@/secrets/StoreRemedy";
import { Spinner } from "@/ui/Spinner";
import type { Progress } from "./useEach";

const WORD = { waiting: "Not done yet", working: "Under way", done: "Connected", failed: "Not connected" };

/** How far each is, and why one is not. */
export function ProgressList({ progress, label }: { progress: readonly Progress[]; label: string }) {
  const stopped = progress.find(({ state, error }) => state === "failed" && error?.action);
  return (
    <>
      <ul
        aria-label={label}
        aria-live="polite"
        className="divide-y divide-line rounded-lg border border-line"
      >
        {progress.map(({ id, label, state, error, note }) => (
          <li key={id} className="flex items-start gap-3 px-3 py-2">
            <Mark state={state} />
            <div className="min-w-0 flex-1">
              <p className="break-words">
                <span className="font-medium">{label}</span>{" "}
                <span className={state === "failed" ? "text-bad" : "text-muted"}>
                  {error === null ? (note ?? WORD[state]) : reason(error.message, label)}
                </span>
              </p>
              {error !== null && error.hint !== null && <p>{error.hint}</p>}
              {error !== null && error.details !== null && (
                <p className="font-mono text-xs break-words text-muted">{error.details}</p>
              )}
            </div>
          </li>
        ))}
      </ul>
      {stopped?.error && <StoreRemedy action={stopped.error.action} />}
    </>
  );
}

/** The panel's sentence without the name, which is there already. */
function reason(message: string, label: string): string {
  return message.replace(`${label} was not connected: `, "");
}

function Mark({ state }: { state: Progress["state"] }) {
  if (state === "working") {
    return (
      <span className="mt-0.5 inline-flex w-4 justify-center">
        <Spinner />
      </span>
    );
  }
  const [Icon, tone] = {
    waiting: [CircleDashed, "text-subtle"] as const,
    done: [CircleCheck, "text-ok"] as const,
    failed: [CircleX, "text-bad"] as const,
  }[state];
  return <Icon size={16} className={`mt-0.5 shrink-0 ${tone}`} aria-hidden />;
}
