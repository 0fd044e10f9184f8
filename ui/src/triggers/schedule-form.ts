import * as v from "valibot";
import type { FunctionRef, MissedPolicy, NewSchedule, Schedule } from "@/platform";
import { jsonProblem } from "@/ui/json";

/** What can be picked instead of writing an expression. */
export const USUAL_TIMES: ReadonlyArray<{ expression: string; label: string }> = [
  { expression: "*/5 * * * *", label: "Every 5 minutes" },
  { expression: "0 * * * *", label: "Every hour" },
  { expression: "0 8 * * *", label: "Every day at 08:00" },
  { expression: "0 8 * * 1-5", label: "Monday to Friday at 08:00" },
  { expression: "0 8 * * 1", label: "Every Monday at 08:00" },
  { expression: "0 0 1 * *", label: "On the first of every month" },
];

export const MISSED: ReadonlyArray<{ value: MissedPolicy; title: string; text: string }> = [
  { value: "skip", title: "Skip them", text: "They are noted in the history, and nothing runs." },
  { value: "once", title: "Run once", text: "One run makes up for all that was missed." },
  { value: "all", title: "Run each of them", text: "Oldest first; of more than 100, the newest 100." },
];

const jsonObject = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.trim() === "") return;
    const problem = jsonProblem(dataset.value);
    if (problem)
      addIssue({ message: `${problem.message} (line ${problem.line}, column ${problem.column}).` });
    else if (!dataset.value.trim().startsWith("{")) addIssue({ message: "A JSON object, in braces." });
  }),
);

export const scheduleSchema = v.object({
  name: v.pipe(v.string(), v.trim(), v.maxLength(200, "At most 200 characters.")),
  expression: v.pipe(v.string(), v.trim(), v.nonEmpty("Say when it runs.")),
  zone: v.pipe(v.string(), v.trim()),
  arguments: jsonObject,
  missed: v.picklist(["skip", "once", "all"]),
  enabled: v.boolean(),
});

export type ScheduleForm = v.InferOutput<typeof scheduleSchema>;

/** The zone of this machine, which is what people mean by a time of day. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function zones(): readonly string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
}

export function scheduleToForm(schedule: Schedule | null): ScheduleForm {
  return {
    name: schedule?.name ?? "",
    expression: schedule?.expression ?? "0 8 * * *",
    zone: schedule?.zone ?? ownZone(),
    arguments: schedule?.arguments ?? "{}",
    missed: schedule?.missed ?? "skip",
    enabled: schedule?.enabled ?? true,
  };
}

export function scheduleFromForm(target: FunctionRef, form: ScheduleForm): NewSchedule {
  const { namespace, name } = target;
  return {
    ...form,
    arguments: form.arguments.trim() === "" ? "{}" : form.arguments,
    function: { namespace, name },
  };
}

/** What a schedule that stays as it is is saved from, for switching it on and off. */
export function sameSchedule(schedule: Schedule): NewSchedule {
  const { name, function: target, expression, zone, missed, enabled } = schedule;
  return { name, function: target, expression, zone, arguments: schedule.arguments, missed, enabled };
}

/** `2026-11-21T08:00:00+01:00` as `Sat 21 Nov 2026, 08:00:00 (+01:00)`, on the zone's own clock. */
export function localTimeText(local: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(.*)$/.exec(local);
  if (!match) return local;
  const [, year, month, day, time, offset] = match;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const text = date.toLocaleDateString("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${text}, ${time} (${offset === "Z" ? "UTC" : offset})`;
}
