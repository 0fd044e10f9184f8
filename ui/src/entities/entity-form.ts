import * as v from "valibot";
import { entityName } from "@/functions/names";
import { parametersProblem } from "./parameters";
import { parseKey } from "./text";

const parameters = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? parametersProblem(dataset.value) : null;
    if (message !== null) addIssue({ message });
  }),
);

export const packageSchema = v.pipe(
  v.object({
    name: entityName,
    publish: v.boolean(),
    kind: v.picklist(["package", "binding"]),
    bound: v.string(),
    parameters,
  }),
  v.forward(
    v.partialCheck(
      [["kind"], ["bound"]],
      ({ kind, bound }) => kind === "package" || parseKey(bound) !== null,
      "The package to bind, written /namespace/package.",
    ),
    ["bound"],
  ),
);
export type PackageForm = v.InferOutput<typeof packageSchema>;

export const triggerSchema = v.object({ name: entityName, parameters });

export const scheduledTriggerSchema = v.object({
  name: entityName,
  function: v.pipe(v.string(), v.nonEmpty("Choose a function.")),
  cron: v.pipe(
    v.string(),
    v.trim(),
    v.nonEmpty("Say when it runs."),
    v.regex(/^\S+(\s+\S+){4}$/, "Five fields: minute, hour, day, month, weekday."),
  ),
  body: parameters,
  enabled: v.boolean(),
});

export const ruleSchema = v.object({
  name: entityName,
  trigger: v.pipe(v.string(), v.nonEmpty("Choose a trigger.")),
  action: v.pipe(v.string(), v.nonEmpty("Choose a function.")),
});
