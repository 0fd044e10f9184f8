import type { Deployment } from "@/platform";

/** A deployment as it is typed: names with texts are lines of `NAME=value`. */
export interface DeploymentForm {
  image: string;
  process: string;
  env: string;
  labels: string;
  annotations: string;
  /** Names, with commas or spaces between them. */
  secrets: string;
}

export function toForm(deployment: Deployment | undefined): DeploymentForm {
  return {
    image: deployment?.image ?? "",
    process: deployment?.process ?? "",
    env: lines(deployment?.env),
    labels: lines(deployment?.labels),
    annotations: lines(deployment?.annotations),
    secrets: deployment?.secrets.join(", ") ?? "",
  };
}

/** What is deployed: what the form does not show stays as it was. */
export function toDeployment(form: DeploymentForm, was: Deployment | undefined): Deployment {
  return {
    constraints: [],
    limits: {},
    requests: {},
    readOnlyRootFilesystem: false,
    ...was,
    image: form.image.trim(),
    process: form.process.trim(),
    env: texts(form.env, was?.env),
    labels: texts(form.labels, was?.labels),
    annotations: texts(form.annotations, was?.annotations),
    secrets: form.secrets.split(/[\s,]+/).filter((name) => name !== ""),
  };
}

type Texts = Deployment["env"];

/** Lines that have no name, for each field. */
export function lineProblem(text: string): string | undefined {
  const bad = text.split("\n").find((line) => line.trim() !== "" && line.trimStart().search("=") < 1);
  return bad === undefined ? undefined : `“${bad.trim().slice(0, 40)}” is not NAME=value.`;
}

function lines(all: Texts | undefined): string {
  return Object.entries(all ?? {})
    .map(([name, value]) => `${name}=${shown(value ?? "")}`)
    .join("\n");
}

/** A value is one line here: its line breaks are written `\n`, and backslashes before an n twice. */
function shown(value: string): string {
  return value.replaceAll("\\n", "\\\\n").replaceAll("\n", "\\n");
}

function texts(text: string, was: Texts | undefined): Texts {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at < 1) continue;
    const name = line.slice(0, at).trim();
    const value = line.slice(at + 1);
    const before = was?.[name];
    found[name] =
      before !== undefined && shown(before) === value
        ? before
        : value.replace(/\\\\n|\\n/g, (each) => (each === "\\n" ? "\n" : "\\n"));
  }
  return found;
}
