import type { Deployment } from "@/platform";
import { linesOf, textsOf } from "./texts";

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
    env: linesOf(deployment?.env),
    labels: linesOf(deployment?.labels),
    annotations: linesOf(deployment?.annotations),
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
    env: textsOf(form.env, was?.env),
    labels: textsOf(form.labels, was?.labels),
    annotations: textsOf(form.annotations, was?.annotations),
    secrets: form.secrets.split(/[\s,]+/).filter((name) => name !== ""),
  };
}
