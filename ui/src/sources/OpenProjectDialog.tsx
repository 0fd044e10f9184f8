import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/api/keys";
import { useConnections, useFunctions, useNamespaces } from "@/api/queries";
import { EnvironmentMark } from "@/app/environment";
import { useShell } from "@/app/ui-state";
import { api, type Project, type ProjectKind, type ProjectOutcome } from "@/platform";
import { explain } from "@/platform/errors";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, FormError, Select, TextField } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";
import { ProjectOutcomes } from "./ProjectOutcomes";
import { deployableTo, ProjectPlan } from "./ProjectPlan";

const KIND: Record<ProjectKind, string> = {
  openfaas: "OpenFaaS project",
  digital_ocean: "DigitalOcean project",
  fn: "Fn project",
};

interface OpenProjectDialogProps {
  /** Where it is deployed to, unless another is chosen. */
  connection?: string;
  onClose: () => void;
}

/** Opens a project file from disk: first what would be made of it, then its deploy. */
export function OpenProjectDialog({ connection: first = "local", onClose }: OpenProjectDialogProps) {
  const client = useQueryClient();
  const show = useShell((shell) => shell.show);
  const connections = useConnections().data ?? [];
  const [connection, setConnection] = useState(first);
  const place = connections.find(({ id }) => id === connection);
  const local = connection === "local";
  const production = place?.environment === "production";
  const reached = useNamespaces(connection);
  const namespaces = reached.data ?? [];
  const [typed, setTyped] = useState("");
  const [path, setPath] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [watch, setWatch] = useState(true);
  const [packing, setPacking] = useState<string | null>(null);
  const [outcomes, setOutcomes] = useState<readonly ProjectOutcome[] | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setPath(typed.trim()), 300);
    return () => clearTimeout(timer);
  }, [typed]);
  const plan = useQuery({
    queryKey: ["project", path],
    queryFn: ({ signal }) => api.openProject({ path }, signal),
    enabled: path !== "",
    retry: false,
    gcTime: 0,
    staleTime: 0,
  });
  const current = path === typed.trim() ? plan.data : undefined;
  const namespace = chosen ?? wantedNamespace(current, namespaces) ?? namespaces[0]?.name ?? "";
  const existing = useFunctions(connection).data?.filter((each) => each.namespace === namespace) ?? [];
  const wanted = current?.functions.filter((each) => deployableTo(local, each) && !left.has(each.name)) ?? [];
  const problem = plan.isError && path === typed.trim() ? explain(plan.error) : undefined;

  const deploy = useAttempt(async () => {
    const done: ProjectOutcome[] = [];
    const all = await api.deployProject(
      { connection, path, functions: wanted.map(({ name }) => name), namespace, watch: watch && local },
      (step) => {
        if (step.type === "packing") setPacking(`${step.name}: ${step.files} of ${step.of} files`);
        else {
          done.push(step.outcome);
          setOutcomes([...done]);
        }
      },
    );
    setOutcomes(all);
    await client.invalidateQueries({ queryKey: keys.functions(connection) });
    await client.invalidateQueries({ queryKey: keys.namespaces(connection) });
    await client.invalidateQueries({ queryKey: keys.entitiesOf(connection) });
  });
  const over = outcomes !== null && !deploy.busy;

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !deploy.busy && onClose()}
      title="Open project"
      description="stack.yaml of OpenFaaS, project.yml of DigitalOcean, func.yaml of Fn, or a folder with one of them."
      width="lg"
      footer={
        over ? (
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            {production && <EnvironmentMark environment="production" className="mr-auto" />}
            <Button onClick={onClose} disabled={deploy.busy}>
              Cancel
            </Button>
            <Button
              variant={production ? "danger" : "primary"}
              busy={deploy.busy}
              disabled={wanted.length === 0 || namespace === ""}
              onClick={() => void deploy.run()}
            >
              {deployText(wanted.length)}
            </Button>
          </>
        )
      }
    >
      {outcomes !== null ? (
        <ProjectOutcomes outcomes={outcomes} packing={deploy.busy ? packing : null} onFollow={onClose} />
      ) : (
        <>
          <TextField
            id="project-path"
            label="Project file or folder"
            hint="Its absolute path on this machine."
            error={problem?.message}
            className="w-full font-mono text-sm"
            value={typed}
            placeholder="/home/you/project/stack.yaml"
            onChange={(event) => setTyped(event.target.value)}
          />
          {problem !== undefined && (
            <p className="text-muted">
              {problem.hint} A folder of plain code is made one function:{" "}
              <button
                type="button"
                className="link min-h-6"
                onClick={() => show({ type: "new-function", connection: "local", folder: path })}
              >
                New function from this folder
              </button>
            </p>
          )}
          {current !== undefined && (
            <div className="mt-2 flex flex-col gap-3">
              <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
                <p className="min-w-0 basis-full">
                  <span className="font-medium">{KIND[current.kind]}</span>{" "}
                  <code className="break-all text-subtle">{current.file}</code>
                </p>
                {connections.length > 1 && (
                  <label
                    htmlFor="project-connection"
                    className="inline-flex items-center gap-2 whitespace-nowrap"
                  >
                    Deploy to
                    <Select
                      id="project-connection"
                      className="max-w-48"
                      value={connection}
                      onChange={(event) => {
                        setConnection(event.target.value);
                        setChosen(null);
                      }}
                    >
                      {connections.map(({ id, name }) => (
                        <option key={id} value={id}>
                          {name}
                        </option>
                      ))}
                    </Select>
                  </label>
                )}
                <label htmlFor="project-namespace" className="inline-flex items-center gap-2">
                  Namespace
                  <Select
                    id="project-namespace"
                    className="max-w-48"
                    value={namespace}
                    disabled={namespaces.length === 0}
                    onChange={(event) => setChosen(event.target.value)}
                  >
                    {namespaces.map(({ name }) => (
                      <option key={name}>{name}</option>
                    ))}
                  </Select>
                </label>
              </div>
              {reached.isError && <FormError error={explain(reached.error)} />}
              <ProjectPlan
                project={current}
                local={local}
                existing={existing}
                left={left}
                onToggle={(name) => {
                  const next = new Set(left);
                  if (!next.delete(name)) next.add(name);
                  setLeft(next);
                }}
              />
              {local ? (
                <label htmlFor="project-watch" className="flex min-h-6 items-center gap-2.5">
                  <Checkbox
                    id="project-watch"
                    checked={watch}
                    onChange={(event) => setWatch(event.target.checked)}
                  />
                  Deploy a function again whenever a file in its folder is saved
                </label>
              ) : (
                <p className="text-muted">
                  The code is sent as it is packed here; dependencies are not installed. Secrets become
                  environment variables. Schedules and the local engine's settings are left out.
                </p>
              )}
            </div>
          )}
        </>
      )}
      {deploy.error !== null && <FormError error={deploy.error} className="mt-3" />}
    </Dialog>
  );
}

function deployText(functions: number): string {
  if (functions === 0) return "Deploy";
  return functions === 1 ? "Deploy 1 function" : `Deploy ${functions} functions`;
}

/** The namespace that the project names, where there is one of that name. */
function wantedNamespace(
  project: Project | undefined,
  namespaces: ReadonlyArray<{ name: string }>,
): string | undefined {
  const named = project?.functions.find(({ namespace }) => namespace !== null)?.namespace;
  return namespaces.find(({ name }) => name === named)?.name;
}
