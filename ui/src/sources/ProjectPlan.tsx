import { CircleAlert, CircleX, Info } from "lucide-react";
import { kindTitle } from "@/app/kinds";
import { CONTRACT } from "@/functions/contracts";
import type { FunctionSummary, PlannedFunction, Problem, Project, Severity } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Checkbox } from "@/ui/Field";

interface ProjectPlanProps {
  project: Project;
  /** It is deployed to the local engine, not to a provider. */
  local: boolean;
  /** The functions of the namespace that it would be deployed to. */
  existing: readonly FunctionSummary[];
  /** Names that are not to be deployed. */
  left: ReadonlySet<string>;
  onToggle: (name: string) => void;
}

/** What would be made of a project, function by function. */
export function ProjectPlan({ project, local, existing, left, onToggle }: ProjectPlanProps) {
  return (
    <>
      <Problems problems={project.problems} />
      <ul className="divide-y divide-line rounded-lg border border-line" data-testid="project-plan">
        {project.functions.map((planned) => (
          <Planned
            key={planned.name}
            planned={planned}
            old={existing.find(({ name }) => name === planned.name)}
            deployable={deployableTo(local, planned)}
            wanted={deployableTo(local, planned) && !left.has(planned.name)}
            onToggle={() => onToggle(planned.name)}
          />
        ))}
      </ul>
      {project.functions.length === 0 && <p className="text-muted">There is no function in it.</p>}
    </>
  );
}

/** A provider has OpenWhisk's handlers only. */
export function deployableTo(local: boolean, { deployable, contract }: PlannedFunction): boolean {
  return deployable && (local || contract === "openwhisk" || contract === "action_loop");
}

interface PlannedProps {
  planned: PlannedFunction;
  old: FunctionSummary | undefined;
  /** Where it goes to. */
  deployable: boolean;
  wanted: boolean;
  onToggle: () => void;
}

function Planned({ planned, old, deployable, wanted, onToggle }: PlannedProps) {
  const { name, runtime, contract, folder, sequence, problems } = planned;
  const id = `planned-${name}`;
  return (
    <li className="flex items-start gap-3 px-3 py-2">
      <Checkbox
        id={id}
        className="mt-0.5"
        checked={wanted}
        disabled={!deployable}
        aria-label={`Deploy ${name}`}
        onChange={onToggle}
      />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <label htmlFor={id} className="font-medium">
            {name}
          </label>
          {!deployable ? (
            <Badge
              tone="bad"
              icon={<CircleX size={13} aria-hidden />}
              title={planned.deployable ? "A provider runs only OpenWhisk's own handlers" : undefined}
            >
              {planned.deployable ? "Not for this provider" : "Cannot be deployed"}
            </Badge>
          ) : old === undefined ? (
            <Badge tone="ok">New</Badge>
          ) : (
            <Badge tone="warn">Changes version {old.version}</Badge>
          )}
          <span className="text-muted">
            {runtime === null ? "No runtime" : kindTitle(runtime)} · {CONTRACT[contract]}
          </span>
        </p>
        <p
          className="truncate font-mono text-sm text-subtle"
          title={sequence.length > 0 ? sequence.join(" → ") : folder}
        >
          {sequence.length > 0 ? sequence.join(" → ") : folder}
        </p>
        <Extras planned={planned} />
        <Problems problems={problems} />
      </div>
    </li>
  );
}

/** What comes with the code. */
function Extras({ planned: { env, secrets, parameters, schedules } }: { planned: PlannedFunction }) {
  const parts = [
    env.length > 0 && `environment: ${env.map(([name]) => name).join(", ")}`,
    secrets.length > 0 && `secrets: ${secrets.map(({ name }) => name).join(", ")}`,
    parameters.length > 0 && `parameters: ${parameters.map(({ key }) => key).join(", ")}`,
    schedules.length > 0 && `schedule: ${schedules.map(({ expression }) => expression).join(", ")} (UTC)`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return null;
  return <p className="text-sm text-muted">With {parts.join("; ")}.</p>;
}

const SEVERITY: Record<Severity, { word: string; icon: typeof Info; className: string }> = {
  note: { word: "Note", icon: Info, className: "text-muted" },
  warning: { word: "Warning", icon: CircleAlert, className: "text-warn" },
  error: { word: "Error", icon: CircleX, className: "text-bad" },
};

function Problems({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul className="mt-0.5 text-sm">
      {problems.map(({ severity, field, line, message }) => {
        const { word, icon: Icon, className } = SEVERITY[severity];
        return (
          <li key={`${field} ${message}`} className={`flex items-start gap-1.5 ${className}`}>
            <Icon size={13} className="mt-px shrink-0" aria-hidden />
            <span>
              <span className="sr-only">{word}: </span>
              {message}{" "}
              <span className="text-subtle">
                {field}
                {line !== null && `, line ${line}`}
              </span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
