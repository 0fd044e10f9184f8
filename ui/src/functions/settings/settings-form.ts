import * as v from "valibot";
import type { Contract, FunctionDetail, FunctionOptions, FunctionSettings } from "@/platform";
import { topicsOf } from "@/triggers/trigger-form";
import { jsonProblem } from "@/ui/json";
import { executionFromForm, executionSchema, executionToForm } from "./execution-form";

export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const ENV_NAME_HINT = "A letter or _ first, then letters, digits and _.";

const between = (min: number, max: number, unit: string) =>
  v.pipe(
    v.number(`A number of ${unit}.`),
    v.integer("A whole number."),
    v.minValue(min, `At least ${min}.`),
    v.maxValue(max, `At most ${max.toLocaleString("en-GB").replaceAll(",", " ")}.`),
  );

const jsonValue = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const problem = jsonProblem(dataset.value);
    if (problem)
      addIssue({ message: `${problem.message} (column ${problem.column}). Text needs double quotes.` });
  }),
);

/** No two rows with the same name: the later would silently win. */
function unique<T>(nameOf: (row: T) => string, message: string) {
  return v.rawCheck<T[]>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const seen = new Set<string>();
    dataset.value.forEach((row, index) => {
      const name = nameOf(row);
      if (seen.has(name)) {
        addIssue({
          message,
          path: [
            { type: "array", origin: "value", input: dataset.value, key: index, value: row },
            {
              type: "object",
              origin: "value",
              input: row as Record<string, unknown>,
              key: "name",
              value: name,
            },
          ],
        });
      }
      seen.add(name);
    });
  });
}

const scheduleSchema = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(200, "At most 200 characters."),
  v.regex(/^(\S+(\s+\S+){4,6}|@\S.*)?$/, "Five fields: minute, hour, day, month, weekday."),
);

export const functionSettingsSchema = v.object({
  main: v.pipe(v.string(), v.trim()),
  contract: v.custom<Contract>((value) => typeof value === "string"),
  execution: executionSchema,
  env: v.pipe(
    v.array(v.object({ name: v.pipe(v.string(), v.regex(ENV_NAME, ENV_NAME_HINT)), value: v.string() })),
    unique((row) => row.name, "This name is there already."),
  ),
  parameters: v.pipe(
    v.array(v.object({ name: v.pipe(v.string(), v.nonEmpty("Give it a name.")), value: jsonValue })),
    unique((row) => row.name, "This name is there already."),
  ),
  timeoutMs: between(100, 900_000, "milliseconds"),
  memoryMb: between(32, 4096, "megabytes"),
  logsKb: between(0, 10_240, "kilobytes"),
  concurrency: between(1, 64, "runs"),
  web: v.picklist(["private", "web", "raw"]),
  lostPolicy: v.picklist(["record", "retry"]),
  topics: v.pipe(v.string(), v.trim()),
  schedule: scheduleSchema,
});

/** At a provider, whose own bounds hold: what the form does not show there, and a schedule that is left as it is, must
 *  not keep it from being saved. */
export const remoteSettingsSchema = (schedule: string) =>
  v.object({
    ...functionSettingsSchema.entries,
    execution: v.custom<v.InferOutput<typeof executionSchema>>(() => true),
    timeoutMs: between(1, 86_400_000, "milliseconds"),
    memoryMb: between(1, 1_048_576, "megabytes"),
    logsKb: v.pipe(
      between(0, 1_048_576, "kilobytes"),
      v.multipleOf(1024, "A multiple of 1 024: OpenWhisk counts whole MB."),
    ),
    concurrency: v.custom<number>(() => true),
    lostPolicy: v.custom<FunctionDetail["lostPolicy"]>(() => true),
    schedule: v.union([v.literal(schedule), scheduleSchema], (issue) => issue.issues?.at(-1)?.message ?? ""),
  });

export type FunctionSettingsForm = v.InferOutput<typeof functionSettingsSchema>;

export function toForm(detail: FunctionDetail): FunctionSettingsForm {
  return {
    main: detail.main ?? "",
    contract: detail.contract,
    execution: executionToForm(detail.settings),
    env: detail.env.map(({ name, value }) => ({ name, value })),
    parameters: detail.parameters.map(({ key, value }) => ({ name: key, value })),
    timeoutMs: detail.limits.timeoutMs,
    memoryMb: detail.limits.memoryMb,
    logsKb: detail.limits.logsKb,
    concurrency: detail.limits.concurrency,
    web: detail.web,
    lostPolicy: detail.lostPolicy,
    topics: detail.options?.topics.join(", ") ?? "",
    schedule: detail.options?.schedule ?? "",
  };
}

/** `base` is what the form was filled from: it has the settings that the form does not show. */
export function fromForm(form: FunctionSettingsForm, base: FunctionDetail): FunctionSettings {
  const { engine } = base.edits;
  return {
    main: form.main === "" ? null : form.main,
    contract: engine ? form.contract : null,
    settings: engine ? executionFromForm(form.execution, base.settings) : null,
    parameters: form.parameters.map(({ name, value }) => ({ key: name, value })),
    env: form.env,
    limits: {
      timeoutMs: form.timeoutMs,
      memoryMb: form.memoryMb,
      logsKb: form.logsKb,
      concurrency: engine ? form.concurrency : base.limits.concurrency,
    },
    web: form.web,
    lostPolicy: form.lostPolicy,
    options: optionsOf(form, base),
  };
}

/** Nothing where they are as they were, so that they stay as their provider wrote them. */
function optionsOf(form: FunctionSettingsForm, base: FunctionDetail): FunctionOptions | undefined {
  const before = toForm(base);
  if (base.options === null || (before.topics === form.topics && before.schedule === form.schedule)) return;
  return { topics: topicsOf(form.topics), schedule: form.schedule === "" ? null : form.schedule };
}
