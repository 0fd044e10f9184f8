import type { ChangeEvent } from "react";
import { TextField } from "@/ui/Field";
import type { DeploymentForm } from "./form";
import { LinesField } from "./LinesField";
import { lineProblem } from "./texts";

interface DeploymentFieldsProps {
  form: DeploymentForm;
  onChange: (form: DeploymentForm) => void;
}

/** What an image runs with. */
export function DeploymentFields({ form, onChange }: DeploymentFieldsProps) {
  const bound = <K extends keyof DeploymentForm>(field: K) => ({
    id: `deployment-${field}`,
    value: form[field],
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      onChange({ ...form, [field]: event.target.value }),
  });
  const mono = "w-full font-mono text-sm";
  return (
    <>
      <TextField {...bound("image")} label="Image" className={mono} placeholder="ghcr.io/me/hello:1.0" />
      <TextField
        {...bound("process")}
        label="Process"
        hint="fprocess; empty is the image’s own."
        className={mono}
      />
      <LinesField
        {...bound("env")}
        label="Environment"
        hint="A line each, NAME=value. Everybody who may list functions sees it: secrets go below."
      />
      <TextField
        {...bound("secrets")}
        label="Secrets"
        hint="Names of the namespace’s secrets, with commas between them."
        className={mono}
      />
      <LinesField {...bound("labels")} label="Labels" hint="For example com.openfaas.scale.max=5." />
      <LinesField
        {...bound("annotations")}
        label="Annotations"
        hint="For example topic=cron-function with schedule=*/5 * * * *."
      />
    </>
  );
}

/** Whether it can be sent. */
export function isReady(form: DeploymentForm): boolean {
  const { image, env, labels, annotations } = form;
  return image.trim() !== "" && [env, labels, annotations].every((text) => lineProblem(text) === undefined);
}
