import { useFormContext } from "react-hook-form";
import type { Contract, Watchdog } from "@/platform";
import { Checkbox } from "@/ui/Field";
import { isWatchdog } from "../contracts";
import { ExecutionField } from "./ExecutionField";
import { Folded } from "./Folded";
import type { FunctionSettingsForm } from "./settings-form";

/** What the watchdog before an OpenFaaS function reads from its environment; `watchdog` is what is saved of it. */
export function WatchdogFields({ contract, watchdog }: { contract: Contract; watchdog: Watchdog }) {
  const { register, formState } = useFormContext<FunctionSettingsForm>();
  const errors = formState.errors.execution ?? {};
  const ownProcess = isWatchdog(contract);
  const forks = ownProcess && contract !== "watchdog_http";
  const bounded =
    [watchdog.execTimeoutMs, watchdog.readTimeoutMs, watchdog.writeTimeoutMs].some((ms) => ms !== null) ||
    watchdog.maxInflight > 0;
  const wrong = (["execTimeoutMs", "readTimeoutMs", "writeTimeoutMs", "maxInflight", "port"] as const).some(
    (field) => errors[field] !== undefined,
  );

  return (
    <Folded
      title="Watchdog"
      note={ownProcess ? "What it reads from its environment" : "Time-outs and the most requests at a time"}
      open={bounded || wrong}
    >
      <div className="grid max-w-180 grid-cols-2 gap-x-8 gap-y-2">
        {ownProcess && (
          <ExecutionField name="process" label="Command (fprocess)" placeholder="the file itself" />
        )}
        {forks && <ExecutionField name="contentType" label="content_type" placeholder="chosen" />}
        <ExecutionField
          name="execTimeoutMs"
          label="exec_timeout"
          unit="ms"
          placeholder="none"
          hint="The run is ended."
        />
        <ExecutionField
          name="readTimeoutMs"
          label="read_timeout"
          unit="ms"
          placeholder="30000"
          hint="For the request to arrive."
        />
        <ExecutionField
          name="writeTimeoutMs"
          label="write_timeout"
          unit="ms"
          placeholder="none"
          hint="The caller is hung up on, and gets 502."
        />
        <ExecutionField
          name="maxInflight"
          label="max_inflight"
          unit="runs"
          placeholder="no limit"
          hint="More callers get 429."
        />
        {contract === "watchdog_http" && (
          <ExecutionField
            name="port"
            label="Port of the process"
            unit="TCP"
            placeholder="chosen"
            hint="Empty: told in PORT and http_port."
          />
        )}
      </div>
      {contract === "watchdog_classic" && (
        <label htmlFor="combine-output" className="mt-2 flex min-h-6 items-center gap-2.5">
          <Checkbox id="combine-output" {...register("execution.combineOutput")} />
          Standard error is part of the answer
        </label>
      )}
    </Folded>
  );
}
