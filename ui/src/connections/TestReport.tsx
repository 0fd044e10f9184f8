import { CircleAlert, CircleCheck, CircleMinus, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { FormError } from "@/ui/Field";
import { formatDuration } from "@/ui/format";
import { Spinner } from "@/ui/Spinner";
import { isAboutSystem, reached, type TestOutcome } from "./connection-test";
import { IntoView } from "./IntoView";

/** What the Test button found, line by line, so that one sees how far it got. */
export function TestReport({ outcome }: { outcome: TestOutcome }) {
  if (outcome.state === "idle") return null;
  return (
    <IntoView when={outcome}>
      <Report outcome={outcome} />
    </IntoView>
  );
}

function Report({ outcome }: { outcome: Exclude<TestOutcome, { state: "idle" }> }) {
  if (outcome.state === "failed" && !isAboutSystem(outcome.error)) return <FormError error={outcome.error} />;
  return (
    <div
      role="status"
      aria-label="Result of the test"
      data-testid="test-result"
      className="rounded-md border border-line bg-inset px-3 py-2"
    >
      {outcome.state === "running" && (
        <p className="flex items-center gap-2 text-muted">
          <Spinner /> Asking the API host…
        </p>
      )}
      {outcome.state === "passed" && (
        <>
          <Line result="yes">
            Reachable in {formatDuration(outcome.found.latencyMs)}
            <span className="ml-2 font-mono text-xs break-all text-subtle">{outcome.found.apiHost}</span>
            {outcome.found.server !== null && <span className="ml-2 text-muted">{outcome.found.server}</span>}
          </Line>
          <Line result="yes">Authorised: the key is accepted</Line>
          <Line result={outcome.found.namespaces.length > 0 ? "yes" : "none"}>
            {namespacesText(outcome.found.namespaces.length)}
            {outcome.found.namespaces.map((name) => (
              <code key={name} className="ml-2 break-all text-muted">
                {name}
              </code>
            ))}
          </Line>
          {outcome.found.warning !== null && (
            <p className="mt-1 flex items-start gap-2 text-warn">
              <TriangleAlert size={15} className="mt-0.5 shrink-0" aria-hidden />
              {outcome.found.warning}
            </p>
          )}
        </>
      )}
      {outcome.state === "failed" && (
        <>
          <Line result={reached(outcome.error) ? "yes" : "no"}>
            {reached(outcome.error) ? "Reachable" : outcome.error.message}
          </Line>
          <Line result={reached(outcome.error) ? "no" : "none"}>
            {reached(outcome.error) ? outcome.error.message : "The key was not tried"}
          </Line>
          {outcome.error.hint !== null && <p className="mt-1 pl-6">{outcome.error.hint}</p>}
          {outcome.error.details !== null && (
            <p className="mt-1 pl-6 font-mono text-xs break-words text-muted">{outcome.error.details}</p>
          )}
        </>
      )}
    </div>
  );
}

function namespacesText(count: number): string {
  if (count === 0) return "The key reaches no namespace";
  return count === 1 ? "Namespace" : `${count} namespaces`;
}

function Line({ result, children }: { result: "yes" | "no" | "none"; children: ReactNode }) {
  return (
    <p className={result === "no" ? "flex items-start gap-2 text-bad" : "flex items-start gap-2"}>
      {result === "yes" && (
        <CircleCheck size={15} className="mt-0.5 shrink-0 text-ok" role="img" aria-label="Yes" />
      )}
      {result === "no" && <CircleAlert size={15} className="mt-0.5 shrink-0" role="img" aria-label="No" />}
      {result === "none" && <CircleMinus size={15} className="mt-0.5 shrink-0 text-subtle" aria-hidden />}
      <span className={result === "none" ? "min-w-0 text-muted" : "min-w-0"}>{children}</span>
    </p>
  );
}
