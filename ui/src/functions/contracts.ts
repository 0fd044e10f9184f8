import type { Contract, Language } from "@/platform";

/** What people call a handler contract. */
export const CONTRACT: Record<Contract, string> = {
  openwhisk: "OpenWhisk",
  action_loop: "OpenWhisk ActionLoop",
  scaleway: "Scaleway",
  openfaas: "OpenFaaS",
  openfaas_flask: "OpenFaaS (Flask)",
  fn: "Fn Project",
  spaces: "Spaces",
  watchdog_classic: "OpenFaaS classic watchdog",
  watchdog_http: "OpenFaaS of-watchdog, http",
  watchdog_serializing: "OpenFaaS of-watchdog, serializing",
  watchdog_streaming: "OpenFaaS of-watchdog, streaming",
};

const SENTENCE: Record<Contract, string> = {
  openwhisk: "main(args) takes a JSON object and returns one.",
  action_loop: "A program that reads a line of JSON per run and writes the result to descriptor 3.",
  scaleway: "handle(event, context) takes a request and returns statusCode, headers and body.",
  openfaas: "handle(event, context) takes a request and returns a response.",
  openfaas_flask: "handle(req) takes the body as text and returns text.",
  fn: "The code uses Fn's own FDK, which its folder has among its dependencies.",
  spaces: "handle(req) takes a request and returns a response.",
  watchdog_classic: "A process per request: the body on standard input, what it prints is the answer.",
  watchdog_http: "A process that stays, and serves HTTP on the port in its environment.",
  watchdog_serializing: "A process per request; its answer is sent when it has ended well.",
  watchdog_streaming: "A process per request; its answer is sent while it is written.",
};

/** Where a language's handler looks different from the others'. */
const OWN: Partial<Record<`${Contract}/${Language}`, string>> = {
  "openwhisk/executable":
    "The arguments are a line of JSON on standard input; the last line printed is the result.",
  "openwhisk/ruby": "main(args) takes a hash and returns one.",
  "openfaas/node": "module.exports = async (event, context): the context makes the response.",
  "openfaas/python": "handle(event, context) as in python3-http: returns statusCode, headers and body.",
  "openfaas/go": "Handle(w http.ResponseWriter, r *http.Request), as in golang-middleware.",
  "scaleway/go": "Handle(w http.ResponseWriter, r *http.Request).",
  "scaleway/rust": "An async function that takes a Request and returns a Response.",
  "spaces/python": "handle(req), plain or async: returns status_code, headers and body.",
};

/** How the handler looks, in one sentence. */
export function handlerText(contract: Contract, language: Language | null): string {
  return (language !== null && OWN[`${contract}/${language}`]) || SENTENCE[contract];
}

/** Whether OpenFaaS puts a watchdog before it: its own contracts', and its templates'. */
export function hasWatchdog(contract: Contract): boolean {
  return isWatchdog(contract) || contract.startsWith("openfaas");
}

/** Whether the watchdog itself is the contract, with a process of the user's behind it. */
export function isWatchdog(contract: Contract): boolean {
  return contract.startsWith("watchdog_");
}
