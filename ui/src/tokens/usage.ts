import type { FunctionRef, FunctionSummary, TokenScope } from "@/platform";

/** For `sh`, `bash` and `zsh`: inside single quotes everything is itself, but for the quote. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A package's slash is a separator of the path; everything else of a name is encoded. */
function path(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}

/** One line that lists what an account's token reaches. */
export function accountLine(gatewayUrl: string, credential: string): string {
  const header = shellQuote(`Authorization: Bearer ${credential}`);
  return `curl -H ${header} ${shellQuote(`${gatewayUrl}/v2/functions/namespaces`)}`;
}

/** One line that calls the gateway with a credential: the function that it reaches, or else the list of functions. */
export function usageLine(
  gatewayUrl: string,
  scope: Exclude<TokenScope, { type: "account" }>,
  name: string | null,
  credential: string,
): string {
  const actions = `${gatewayUrl}/api/v1/namespaces/${path(scope.namespace)}/actions`;
  if (name === null) return `curl -u ${shellQuote(credential)} ${shellQuote(actions)}`;
  const url = `${actions}/${path(name)}?blocking=true&result=true`;
  return `curl -u ${shellQuote(credential)} -X POST ${shellQuote(url)}`;
}

/** A function to show the call of: the one in use if it is in the namespace, or else the first by name. */
export function exampleOf(
  namespace: string,
  inUse: FunctionRef | null,
  functions: readonly FunctionSummary[],
): string | null {
  if (inUse?.connection === "local" && inUse.namespace === namespace) return inUse.name;
  const names = functions.filter((each) => each.namespace === namespace).map(({ name }) => name);
  return names.sort((a, b) => a.localeCompare(b))[0] ?? null;
}
