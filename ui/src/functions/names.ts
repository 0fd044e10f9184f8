import * as v from "valibot";

// The same rule as the panel's own, so that it is told while typing.
const SEGMENT = /^[A-Za-z0-9_](?:[A-Za-z0-9_@.& -]*[A-Za-z0-9_@.&-])?$/;
const HINT = "Start with a letter, digit or _. Then also @ . & - and inner spaces.";

function segmentProblem(text: string): string | null {
  if (text === "") return "Give it a name.";
  if (text.length > 256) return "At most 256 characters.";
  return SEGMENT.test(text) ? null : HINT;
}

/** Why this cannot be a function's name, or null. `package/name` has one slash. */
export function functionNameProblem(text: string): string | null {
  const segments = text.split("/");
  if (segments.length > 2) return "At most one package: package/name.";
  if (segments.length === 2 && segments[0] === "default") return "The package name 'default' is reserved.";
  for (const segment of segments) {
    if (segment === "" && segments.length === 2) return "A package and a name: package/name.";
    const problem = segmentProblem(segment);
    if (problem !== null) return problem;
  }
  return null;
}

export function namespaceNameProblem(text: string): string | null {
  if (text === "_") return "'_' alone means the caller's own namespace.";
  return segmentProblem(text);
}

/** Of a package, a trigger or a rule. */
export function entityNameProblem(text: string): string | null {
  return segmentProblem(text);
}

const checked = (problem: (text: string) => string | null) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const message = problem(dataset.value);
      if (message !== null) addIssue({ message });
    }),
  );

export const functionName = checked(functionNameProblem);
export const namespaceName = checked(namespaceNameProblem);
export const entityName = checked(entityNameProblem);
