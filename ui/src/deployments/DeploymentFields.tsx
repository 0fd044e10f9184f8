import { describedBy, Field, Textarea, TextField } from "@/ui/Field";
import { type DeploymentForm, lineProblem } from "./form";

interface DeploymentFieldsProps {
  form: DeploymentForm;
  onChange: (form: DeploymentForm) => void;
}

/** What an image runs with. */
export function DeploymentFields({ form, onChange }: DeploymentFieldsProps) {
  const set = (change: Partial<DeploymentForm>) => onChange({ ...form, ...change });
  return (
    <>
      <TextField
        id="deployment-image"
        label="Image"
        className="w-full font-mono text-sm"
        placeholder="ghcr.io/me/hello:1.0"
        value={form.image}
        onChange={(event) => set({ image: event.target.value })}
      />
      <TextField
        id="deployment-process"
        label="Process"
        hint="fprocess; empty is the image’s own."
        className="w-full font-mono text-sm"
        value={form.process}
        onChange={(event) => set({ process: event.target.value })}
      />
      <Lines
        id="deployment-env"
        label="Environment"
        hint="A line each, NAME=value. Everybody who may list functions sees it: secrets go below."
        value={form.env}
        onChange={(env) => set({ env })}
      />
      <TextField
        id="deployment-secrets"
        label="Secrets"
        hint="Names of the namespace’s secrets, with commas between them."
        className="w-full font-mono text-sm"
        value={form.secrets}
        onChange={(event) => set({ secrets: event.target.value })}
      />
      <Lines
        id="deployment-labels"
        label="Labels"
        hint="For example com.openfaas.scale.max=5."
        value={form.labels}
        onChange={(labels) => set({ labels })}
      />
      <Lines
        id="deployment-annotations"
        label="Annotations"
        hint="For example topic=cron-function with schedule=*/5 * * * *."
        value={form.annotations}
        onChange={(annotations) => set({ annotations })}
      />
    </>
  );
}

interface LinesProps {
  id: string;
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}

function Lines({ id, label, hint, value, onChange }: LinesProps) {
  const error = lineProblem(value);
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      <Textarea
        id={id}
        rows={Math.min(8, Math.max(2, value.split("\n").length))}
        className="w-full resize-y font-mono text-sm"
        spellCheck={false}
        autoComplete="off"
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

/** Whether it can be sent. */
export function isReady(form: DeploymentForm): boolean {
  const { image, env, labels, annotations } = form;
  return image.trim() !== "" && [env, labels, annotations].every((text) => lineProblem(text) === undefined);
}
