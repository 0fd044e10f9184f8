import * as v from "valibot";
import type { Contract, Language } from "@/platform";
import { functionName } from "./names";

export interface NewFunctionForm {
  name: string;
  namespace: string;
  source: "template" | "folder";
  /** Empty until the runtimes of this machine are known. */
  language: Language | "";
  contract: Contract;
  template: string;
  path: string;
  watch: boolean;
}

export const newFunctionSchema = v.pipe(
  v.object({
    name: functionName,
    namespace: v.pipe(v.string(), v.nonEmpty("Choose a namespace.")),
    source: v.picklist(["template", "folder"]),
    language: v.custom<Language | "">((value) => typeof value === "string"),
    contract: v.custom<Contract>((value) => typeof value === "string"),
    template: v.string(),
    path: v.string(),
    watch: v.boolean(),
  }),
  v.forward(
    v.check(
      ({ source, path }) => source === "template" || path.trim().startsWith("/"),
      "Give the absolute path, beginning with /.",
    ),
    ["path"],
  ),
);
