import { useFormContext } from "react-hook-form";
import type { FunctionDetail } from "@/platform";
import { Checkbox, describedBy, Field, Select, Textarea } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { hasWatchdog } from "../contracts";
import { DestinationField } from "./DestinationField";
import { ExecutionField } from "./ExecutionField";
import { Folded } from "./Folded";
import { scalingText } from "./scaling-text";
import type { FunctionSettingsForm } from "./settings-form";
import { WatchdogFields } from "./WatchdogFields";

/** How the engine keeps, retries and reaches the function: folded, with defaults that suit most. */
export function ExecutionSection({ detail }: { detail: FunctionDetail }) {
  const { register, watch, formState } = useFormContext<FunctionSettingsForm>();
  const { settings } = detail;
  const errors = formState.errors.execution ?? {};
  const wrong = (...fields: Array<keyof typeof errors>) =>
    fields.some((field) => errors[field] !== undefined);
  const contract = watch("contract");
  const own = contract === detail.contract;

  return (
    <Section title="Advanced" description="How the local engine keeps, retries and reaches the function.">
      <div>
        <Folded
          title="Workers"
          note="Kept ready, shared, and ended when idle"
          open={
            settings.minWorkers > 0 ||
            settings.idleTimeoutS !== null ||
            settings.scaling != null ||
            wrong("minWorkers", "runsPerWorker", "idleTimeoutS")
          }
        >
          <div className="grid max-w-180 grid-cols-2 gap-x-8 gap-y-2">
            {(!own || detail.keepsWorker) && (
              <ExecutionField
                name="minWorkers"
                label="Kept ready"
                unit="workers"
                placeholder="0"
                hint="Also when nobody calls. 0 to 64."
              />
            )}
            {(!own || detail.sharesWorker) && (
              <ExecutionField
                name="runsPerWorker"
                label="Runs per worker"
                unit="at a time"
                placeholder="1"
                hint="1 to 100. Only for code that can do several things at once."
              />
            )}
            {(!own || detail.keepsWorker) && (
              <ExecutionField
                name="idleTimeoutS"
                label="Ended when idle for"
                unit="s"
                placeholder="default"
                hint="1 to 86 400. Empty is the engine's default."
              />
            )}
            {own && !detail.keepsWorker && (
              <p className="text-muted">This contract starts a process for each run; nothing is kept.</p>
            )}
            {own && detail.keepsWorker && settings.scaling != null && (
              <p className="col-span-2 text-muted">{scalingText(settings.scaling)}</p>
            )}
          </div>
        </Folded>
        <Folded
          title="Asynchronous runs"
          note="Time-out, retries, and where records are delivered"
          open={
            settings.detachedTimeoutS !== null ||
            settings.retry.attempts > 1 ||
            settings.onSuccess !== null ||
            settings.onFailure !== null ||
            wrong("detachedTimeoutS", "attempts", "codes", "minWaitS", "maxWaitS", "onSuccess", "onFailure")
          }
        >
          <div className="grid max-w-180 grid-cols-2 gap-x-8 gap-y-2">
            <ExecutionField
              name="detachedTimeoutS"
              label="Longest asynchronous run"
              unit="s"
              placeholder="as any run"
              hint="5 to 3 600. Empty: as long as any other run."
            />
            <ExecutionField
              name="attempts"
              label="Attempts"
              hint="1 to 100, the first included. 1 is no retry."
              unit="altogether"
            />
            <ExecutionField
              name="minWaitS"
              label="Shortest wait between them"
              unit="s"
              hint="It doubles each time."
            />
            <ExecutionField name="maxWaitS" label="Longest wait" unit="s" />
            <ExecutionField
              name="codes"
              label="Status codes tried again"
              hint="A failed run without one counts as 500, a time-out as 504."
            />
            <Field
              id="execution-jitter"
              label="Spread of the wait"
              hint="So that what failed together does not return together."
            >
              <Select
                id="execution-jitter"
                aria-describedby={describedBy("execution-jitter")}
                {...register("execution.jitter")}
              >
                <option value="full">All of it random</option>
                <option value="equal">Half of it random</option>
                <option value="none">None</option>
              </Select>
            </Field>
          </div>
          <p className="mt-3 mb-2 max-w-160 text-muted">
            The record of each asynchronous run can be delivered. Topics, queues and streams are inboxes of
            this window.
          </p>
          <DestinationField field="onSuccess" label="On success" />
          <DestinationField field="onFailure" label="On failure" />
        </Folded>
        <Folded
          title="Network"
          note="Host names of its own, and access to the network"
          open={settings.noNetwork || settings.domains.length > 0 || wrong("domains")}
        >
          <label htmlFor="no-network" className="mb-3 flex min-h-6 items-start gap-2.5">
            <Checkbox id="no-network" className="mt-0.5" {...register("execution.noNetwork")} />
            <span>
              <span className="block font-medium">No network</span>
              <span className="block text-muted">
                The code reaches nothing but itself, where this machine can enforce it.
              </span>
            </span>
          </label>
          <Field
            id="execution-domains"
            label="Host names"
            hint="One per line. Under them it answers every path."
            error={errors.domains?.message}
            className="max-w-90"
          >
            <Textarea
              id="execution-domains"
              rows={2}
              className="w-full font-mono text-sm"
              placeholder="shop.example.test"
              spellCheck={false}
              aria-invalid={errors.domains !== undefined}
              aria-describedby={describedBy("execution-domains")}
              {...register("execution.domains")}
            />
          </Field>
        </Folded>
        <Folded title="Build" note="What a deploy may run" open={settings.installScripts}>
          <label htmlFor="install-scripts" className="flex min-h-6 items-start gap-2.5">
            <Checkbox id="install-scripts" className="mt-0.5" {...register("execution.installScripts")} />
            <span>
              <span className="block font-medium">Run install scripts of dependencies</span>
              <span className="block text-muted">Some packages need it to compile parts of themselves.</span>
            </span>
          </label>
        </Folded>
        {hasWatchdog(contract) && <WatchdogFields contract={contract} watchdog={settings.watchdog} />}
      </div>
    </Section>
  );
}
