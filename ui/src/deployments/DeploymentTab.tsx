import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/api/keys";
import { ReadyBadge } from "@/functions/ReadyBadge";
import { api, type DeployedImage, type FunctionRef, type Readiness } from "@/platform";
import { Button } from "@/ui/Button";
import { FormError, Input } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { DeploymentFields, isReady } from "./DeploymentFields";
import { toDeployment, toForm } from "./form";

interface DeploymentTabProps {
  target: FunctionRef;
  image: DeployedImage;
  readiness: Readiness | null;
  onUnsaved: (unsaved: boolean) => void;
}

/** What a deployed image runs with, and in how many replicas. */
export function DeploymentTab({ target, image, readiness, onUnsaved }: DeploymentTabProps) {
  return (
    <div className="max-w-180 px-6 pb-10">
      <Section
        title="Scale"
        description="The server keeps to limits of its own, those of the function’s labels among them."
      >
        {readiness && <Scale key={readiness.replicas} target={target} readiness={readiness} />}
      </Section>
      <Section title="Deployment" description="Deploying again replaces the function’s replicas.">
        <Again key={JSON.stringify(image.deployment)} target={target} image={image} onUnsaved={onUnsaved} />
      </Section>
    </div>
  );
}

function Scale({ target, readiness }: { target: FunctionRef; readiness: Readiness }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState(String(readiness.replicas));
  const replicas = /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : Number.NaN;
  const scale = useAttempt(async () => {
    await api.scaleFunction({ function: target, replicas });
    await client.invalidateQueries({ queryKey: keys.function(target) });
    toast.success(replicas === 1 ? "1 replica is asked for" : `${replicas} replicas are asked for`);
  });
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (replicas <= 1000) void scale.run();
      }}
    >
      <div className="flex items-center gap-2">
        <Input
          aria-label="Replicas"
          inputMode="numeric"
          className="w-20"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button
          type="submit"
          busy={scale.busy}
          disabled={!(replicas <= 1000) || replicas === readiness.replicas}
        >
          Scale
        </Button>
        <ReadyBadge readiness={readiness} />
      </div>
      {scale.error !== null && <FormError error={scale.error} />}
    </form>
  );
}

function Again({ target, image: { deployment }, onUnsaved }: Omit<DeploymentTabProps, "readiness">) {
  const client = useQueryClient();
  const [form, setForm] = useState(() => toForm(deployment));
  const changed = JSON.stringify(form) !== JSON.stringify(toForm(deployment));
  useEffect(() => {
    onUnsaved(changed);
    return () => onUnsaved(false);
  }, [changed, onUnsaved]);
  const deploy = useAttempt(async () => {
    const next = toDeployment(form, deployment);
    const detail = await api.deployFunction({ function: target, deployment: next, new: false });
    client.setQueryData(keys.function(target), detail);
    toast.success("Deployed");
  });
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed && isReady(form)) void deploy.run();
      }}
    >
      <DeploymentFields form={form} onChange={setForm} />
      {deploy.error !== null && <FormError error={deploy.error} />}
      <div className="flex gap-2">
        <Button type="submit" variant="primary" busy={deploy.busy} disabled={!changed || !isReady(form)}>
          Deploy
        </Button>
        <Button disabled={!changed || deploy.busy} onClick={() => setForm(toForm(deployment))}>
          Discard changes
        </Button>
      </div>
    </form>
  );
}
