import { Link } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useFormContext } from "react-hook-form";
import { useSpaceTriggers } from "@/api/queries";
import type { FunctionRef, SpaceTrigger } from "@/platform";
import { CronWords } from "@/triggers/CronWords";
import { topicsOf } from "@/triggers/trigger-form";
import { TextField } from "@/ui/Field";
import { Section } from "@/ui/Section";
import type { FunctionSettingsForm } from "./settings-form";

const isClock = ({ source }: SpaceTrigger) => source.type === "cron";
const isBroker = ({ source }: SpaceTrigger) => source.type === "mqtt" || source.type === "rabbitmq";

/** What the triggers of its space call a function for. */
export function OptionsSection({ target }: { target: FunctionRef }) {
  const { register, watch, formState } = useFormContext<FunctionSettingsForm>();
  const [topics, schedule] = watch(["topics", "schedule"]);
  const asksTopics = topicsOf(topics).length > 0;
  const asksSchedule = schedule.trim() !== "";
  return (
    <Section
      title="Triggers"
      description={
        <>
          Messages and times that the{" "}
          <TriggersLink target={target}>triggers of {target.namespace}</TriggersLink> call it for.
        </>
      }
    >
      <div className="flex max-w-180 flex-col gap-3">
        <div>
          <TextField
            id="topics"
            label="Topics"
            hint="Between commas, with the wildcards of the broker. Empty: no messages."
            error={formState.errors.topics?.message}
            className="w-full font-mono text-sm"
            placeholder="rooms/+/heat"
            {...register("topics")}
          />
          {asksTopics && (
            <Lacks target={target} of={isBroker} what="MQTT or RabbitMQ trigger" so="no message calls it" />
          )}
        </div>
        <div>
          <TextField
            id="schedule"
            label="Schedule"
            hint="A cron expression: minute, hour, day, month, weekday. Empty: not by the clock."
            error={formState.errors.schedule?.message}
            className="w-full font-mono text-sm"
            placeholder="0 8 * * 1-5"
            {...register("schedule")}
          />
          {asksSchedule && <CronWords cron={schedule.trim()} />}
          {asksSchedule && (
            <Lacks target={target} of={isClock} what="cron trigger" so="the clock does not call it" />
          )}
        </div>
      </div>
    </Section>
  );
}

/** Says it where nothing would call the function: its space has no such trigger, or none that works. */
function Lacks({
  target,
  of,
  what,
  so,
}: {
  target: FunctionRef;
  of: (trigger: SpaceTrigger) => boolean;
  what: string;
  so: string;
}) {
  const all = useSpaceTriggers(target.connection, target.namespace).data?.filter(of);
  if (all === undefined || all.some(({ status }) => status !== "failed")) return null;
  return (
    <p
      className="mt-1 flex items-start gap-1.5 rounded-md bg-warn-soft px-2 py-1 text-sm text-warn"
      role="note"
    >
      <CircleAlert size={13} className="mt-0.5 shrink-0" aria-hidden />
      <span className="min-w-0">
        {all.length === 0
          ? `There is no ${what} in ${target.namespace}: ${so}.`
          : `The ${what} of ${target.namespace} has failed: ${so}.`}{" "}
        <TriggersLink target={target}>{all.length === 0 ? "Make one" : "See why"}</TriggersLink>
      </span>
    </p>
  );
}

function TriggersLink({ target, children }: { target: FunctionRef; children: ReactNode }) {
  return (
    <Link
      to="/c/$connection/ns/$namespace"
      params={{ connection: target.connection, namespace: target.namespace }}
      search={{ tab: "space-triggers" }}
      className="link"
    >
      {children}
    </Link>
  );
}
