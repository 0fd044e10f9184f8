import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleX } from "lucide-react";
import type { ProjectOutcome } from "@/platform";
import { CallError } from "@/platform/call-error";
import { explain } from "@/platform/errors";
import { Spinner } from "@/ui/Spinner";

interface ProjectOutcomesProps {
  outcomes: readonly ProjectOutcome[];
  /** What is being done; null when all is over. */
  packing: string | null;
  onFollow: () => void;
}

/** What became of each function of a project. */
export function ProjectOutcomes({ outcomes, packing, onFollow }: ProjectOutcomesProps) {
  return (
    <>
      <ul className="divide-y divide-line rounded-lg border border-line" data-testid="project-outcomes">
        {outcomes.map((outcome) => (
          <Outcome key={outcome.name} outcome={outcome} onFollow={onFollow} />
        ))}
      </ul>
      <p role="status" className="mt-2 flex min-h-6 items-center gap-2 text-muted">
        {packing !== null && (
          <>
            <Spinner /> {packing}
          </>
        )}
      </p>
    </>
  );
}

function Outcome({ outcome, onFollow }: { outcome: ProjectOutcome; onFollow: () => void }) {
  const { name, function: made, version, changed, schedules, missingSecrets, warnings, error } = outcome;
  const failure = error === null ? null : explain(new CallError(error));
  return (
    <li className="flex items-start gap-3 px-3 py-2">
      {failure === null ? (
        <CircleCheck size={16} className="mt-0.5 shrink-0 text-ok" role="img" aria-label="Deployed" />
      ) : (
        <CircleX size={16} className="mt-0.5 shrink-0 text-bad" role="img" aria-label="Not deployed" />
      )}
      <div className="min-w-0 flex-1">
        <p>
          {made === null ? (
            <span className="font-medium">{name}</span>
          ) : (
            <Link
              to="/c/$connection/ns/$namespace/fn/$"
              params={{ connection: made.connection, namespace: made.namespace, _splat: made.name }}
              search={missingSecrets.length > 0 ? { tab: "settings" } : {}}
              onClick={onFollow}
              className="link font-medium"
            >
              {name}
            </Link>
          )}
          {version !== null && (
            <span className="text-muted">
              {" "}
              {changed
                ? `deployed as version ${version}`
                : `is what was deployed already, version ${version}`}
              {schedules > 0 && `, ${schedules === 1 ? "1 schedule" : `${schedules} schedules`}`}
            </span>
          )}
        </p>
        {missingSecrets.length > 0 && (
          <p className="text-warn">Set its secrets before it runs: {missingSecrets.join(", ")}.</p>
        )}
        {warnings.map((warning) => (
          <p key={warning} className="text-warn">
            {warning}
          </p>
        ))}
        {failure !== null && (
          <p className="break-words text-bad">
            {failure.message} {failure.hint}
          </p>
        )}
      </div>
    </li>
  );
}
