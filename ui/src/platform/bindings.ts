// Generated from the panel's commands by `make bindings`. Do not edit.

import type { Transport } from "./transport";

/**
 * An access key of a namespace, without its secret.
 */
export type AccessKeyView = { 
/**
 * Its public half, `dof_v1_…`.
 */
id: string, 
/**
 * What its maker called it.
 */
name: string, 
/**
 * When it was made; 0 if the provider does not say.
 */
created: number, 
/**
 * When it ends by itself; `None` for never.
 */
expires: number | null, 
/**
 * Whether it is the one that this connection uses.
 */
ours: boolean, };

/**
 * An account at a provider, which connections are made from.
 */
export type Account = { 
/**
 * 32 hex characters.
 */
id: string, 
/**
 * The address of its owner where the provider says one, or else the provider's host.
 */
name: string, 
/**
 * The base URL of its API, for example `https://api.digitalocean.com`.
 */
baseUrl: string, 
/**
 * The last four characters of its token.
 */
hint: string, 
/**
 * Whether its token is in the secret store. Without it nothing can be renewed, listed or revoked.
 */
tokenKept: boolean, 
/**
 * When it was added.
 */
created: number, };

/**
 * What a look at an account found. Nothing is kept of it.
 */
export type AccountLook = { 
/**
 * The base URL that was asked, for example `https://api.digitalocean.com`.
 */
baseUrl: string, 
/**
 * The e-mail address of its owner, where the provider says it to this token.
 */
owner: string | null, 
/**
 * Its namespaces, by label.
 */
namespaces: Array<AccountNamespaceView>, };

/**
 * A namespace of an account.
 */
export type AccountNamespaceView = { 
/**
 * Its name, for example `fn-0f3a…`: what `namespaces` parameters take.
 */
namespace: NamespaceName, 
/**
 * What its owner calls it.
 */
label: string, 
/**
 * `lon1`; empty where the system has no regions.
 */
region: string, 
/**
 * Where its functions are reached.
 */
apiHost: string, 
/**
 * Whether a connection is there already. To connect it again gives that connection a new key.
 */
connected: boolean, 
/**
 * That connection.
 */
connection: string | null, 
/**
 * Whether the provider refuses that connection's key, which somebody pasted: `add_account` gives it another.
 */
keyRefused: boolean, };

/**
 * The whole record of a run.
 */
export type Activation = { 
/**
 * The owner: the namespace's own id here, the provider's subject elsewhere.
 */
subject: string, 
/**
 * What was sent by the caller (before default parameters); `None` for runs that somebody else made.
 */
input: JsonText | null, 
/**
 * What came back: the result, or `{"error": …}`. `None` while pending.
 */
result: JsonText | null, 
/**
 * The full size of the result in bytes.
 */
resultBytes: number, 
/**
 * Whether the result was over its limit and so is not the function's own.
 */
resultTruncated: boolean, 
/**
 * What the function wrote, in order.
 */
logs: Array<LogLine>, 
/**
 * Whether lines are missing because the limit was reached.
 */
logsTruncated: boolean, 
/**
 * The limits in force.
 */
limits: Limits, 
/**
 * Where the time went.
 */
timing: Timing, 
/**
 * The run that this one repeats.
 */
rerunOf: ActivationId | null, 
/**
 * The token that the gateway's caller used (its id, never its secret).
 */
tokenId: string | null, 
/**
 * The enclosing activation (sequences), as OpenWhisk's `cause`.
 */
parent: ActivationId | null, 
/**
 * The HTTP side, where the function was called with a request or answered with a response. `input` and `result`
 * hold the bodies then, in the form that this names.
 */
http: Exchange | null, 
/**
 * How often the run was begun: 1 unless it was retried; 0 while it waits for its first time.
 */
attempts: number, 
/**
 * What kept the function in its place; empty where nothing did or nobody knows (remote).
 */
guards: Array<Guard>, 
/**
 * What OpenWhisk's record says beside all this: `path` and `binding` of a function that is not where it was
 * called, `topmost` and `conductor` of sequences and compositions.
 */
annotations: Array<NamedJson>, 
/**
 * Its identity.
 */
id: ActivationId, 
/**
 * The connection that it ran through.
 */
connection: string, 
/**
 * The namespace.
 */
namespace: NamespaceName, 
/**
 * The function.
 */
function: FunctionName, 
/**
 * The function's version then.
 */
version: string, 
/**
 * The runtime's kind then; empty where a provider does not say.
 */
kind: string, 
/**
 * Where it is, or how it ended.
 */
status: Status, 
/**
 * How the caller waited.
 */
mode: Mode, 
/**
 * Who asked.
 */
cause: Cause, 
/**
 * When it was asked for.
 */
start: number, 
/**
 * When it ended.
 */
end: number | null, 
/**
 * How long it took, initialisation included.
 */
durationMs: number | null, 
/**
 * Whether the worker was started for it; `None` while pending or where a provider does not say.
 */
cold: boolean | null, 
/**
 * The status of the HTTP response that it gave; `None` where there is none, or none yet.
 */
httpStatus: number | null, 
/**
 * What became of its callback; `None` where nobody is called back, and while the run goes on.
 */
callback?: CallbackState | null, 
/**
 * Kept beyond the retention period.
 */
pinned: boolean, 
/**
 * The first characters of the first log line, or else of the result: what a list shows of it.
 */
preview: string, };

/**
 * A record with the forms that only its own page shows.
 */
export type ActivationDetail = { 
/**
 * The record.
 */
activation: Activation, 
/**
 * The record as the provider's API serves it, JSON. `None` while there is none.
 */
raw: string | null, 
/**
 * What it is the record of.
 */
of: RecordOf, 
/**
 * The function whose page there is to open: what ran, as far as it is reached from here. `None` of what is fired, of a
 * function that is gone or in a package of the system's or in another namespace of a provider, and where the
 * connection is gone.
 */
page: FunctionRef | null, 
/**
 * What ran, where that is not what was called: through a binding, or in another namespace.
 */
target: FunctionKey | null, };

/**
 * The identity of one run: 32 lower-case hexadecimal characters, as OpenWhisk prints a UUID without dashes.
 *
 * New ids are UUID v7, so they sort by the time they were made.
 */
export type ActivationId = string;

/**
 * A run as a list shows it.
 */
export type ActivationSummary = { 
/**
 * Its identity.
 */
id: ActivationId, 
/**
 * The connection that it ran through.
 */
connection: string, 
/**
 * The namespace.
 */
namespace: NamespaceName, 
/**
 * The function.
 */
function: FunctionName, 
/**
 * The function's version then.
 */
version: string, 
/**
 * The runtime's kind then; empty where a provider does not say.
 */
kind: string, 
/**
 * Where it is, or how it ended.
 */
status: Status, 
/**
 * How the caller waited.
 */
mode: Mode, 
/**
 * Who asked.
 */
cause: Cause, 
/**
 * When it was asked for.
 */
start: number, 
/**
 * When it ended.
 */
end: number | null, 
/**
 * How long it took, initialisation included.
 */
durationMs: number | null, 
/**
 * Whether the worker was started for it; `None` while pending or where a provider does not say.
 */
cold: boolean | null, 
/**
 * The status of the HTTP response that it gave; `None` where there is none, or none yet.
 */
httpStatus: number | null, 
/**
 * What became of its callback; `None` where nobody is called back, and while the run goes on.
 */
callback?: CallbackState | null, 
/**
 * Kept beyond the retention period.
 */
pinned: boolean, 
/**
 * The first characters of the first log line, or else of the result: what a list shows of it.
 */
preview: string, };

/**
 * An account, and what came of connecting its namespaces.
 */
export type AddedAccount = { 
/**
 * The account; `None` when nothing of it is kept, as neither its token was to be nor a namespace could be connected.
 */
account: Account | null, 
/**
 * The namespaces that were asked for, in that order; then those whose connection had a pasted key that the
 * provider refuses.
 */
namespaces: Array<NamespaceOutcome>, };

/**
 * How a body of bytes is kept as JSON.
 */
export type BodyForm = "empty" | "json" | "text" | "base64";

/**
 * One bar.
 */
export type Bucket = { 
/**
 * Ended well.
 */
success: number, 
/**
 * Application errors.
 */
applicationError: number, 
/**
 * Developer errors, time-outs, cancelled.
 */
developerError: number, 
/**
 * Internal errors, lost.
 */
systemError: number, 
/**
 * Not over yet.
 */
pending: number, };

/**
 * A build with everything that its tools printed.
 */
export type BuildLog = { 
/**
 * What is known of it.
 */
build: BuildRecord, 
/**
 * The log, one line each, 1 MiB at most: of a longer one the middle is missing, and says so.
 */
log: string, };

/**
 * What a build has printed since the last one of these.
 */
export type BuildProgress = { 
/**
 * The build; its state says whether this is its last progress.
 */
build: BuildRecord, 
/**
 * New lines; none with the last one, often.
 */
lines: Array<string>, };

/**
 * One attempt to make a function's code ready to run.
 */
export type BuildRecord = { 
/**
 * 32 hex characters, its own.
 */
id: string, 
/**
 * The version that was saved with it; `None` while it is under way, and when nothing was saved.
 */
version: string | null, 
/**
 * How it ended.
 */
state: BuildState, 
/**
 * When it began.
 */
started: number, 
/**
 * How long it took, ms; `None` while it is under way.
 */
durationMs: number | null, 
/**
 * Whether the same code had been built before, so that there was nothing to do. The log is that build's.
 */
reused: boolean, 
/**
 * The folder's name below `builds/ready`.
 */
build: string, 
/**
 * The name of its log below `builds/logs`.
 */
log: string, };

/**
 * How far a build has come.
 */
export type BuildState = "building" | "ready" | "failed" | "cancelled";

/**
 * How a system's functions are called.
 */
export type CallForm = "arguments" | "request";

/**
 * Who is called when an asynchronous run is over.
 */
export type CallbackChoice = { "to": "nobody" } | { "to": "new" } | { "to": "inbox", 
/**
 * Its id; it may be gone.
 */
id: string, } | { "to": "url", 
/**
 * As typed.
 */
url: string, };

/**
 * What became of the callback of a run: whom its caller named was told how it ended.
 */
export type CallbackState = "pending" | "delivered" | "failed";

/**
 * What a connection's system has. The window shows what is there, and a command for what is not answers
 * `NotSupported`.
 */
export type Capabilities = { 
/**
 * How its functions are called. Of the local engine each function says it (`speaks_http`).
 */
call: CallForm, 
/**
 * Whether functions have code that is read and changed here (`create_function`, `save_code`).
 */
code: boolean, 
/**
 * Whether functions have versions, which saves name.
 */
versions: boolean, 
/**
 * Whether functions are deployed as container images (`deploy_function`, `FunctionDetail.deployment`).
 */
deployments: boolean, 
/**
 * Whether it says which kinds of functions it runs (`kinds`).
 */
kinds: boolean, 
/**
 * Whether there are packages, triggers and rules (`entities`).
 */
entities: boolean, 
/**
 * Whether it keeps records of runs, which are read into the journal (`sync_connection`). Without it the journal has
 * the runs that were asked for here.
 */
records: boolean, 
/**
 * Whether namespaces have secrets with names (`namespace_secrets`).
 */
secrets: boolean, 
/**
 * Whether the number of replicas can be chosen (`scale_function`).
 */
scale: boolean, 
/**
 * Whether what a function wrote can be read, apart from runs (`function_logs`).
 */
logs: boolean, 
/**
 * Whether namespaces can be made and deleted here. Some servers of such a system still refuse it.
 */
namespaces: boolean, 
/**
 * Whether namespaces have labels and annotations (`namespace_metadata`).
 */
namespaceMetadata: boolean, 
/**
 * Whether asynchronous calls end with a callback (`X-Callback-Url`).
 */
callbacks: boolean, 
/**
 * Whether an asynchronous call that was accepted can be cancelled. Some servers of such a system still refuse it.
 */
cancels: boolean, 
/**
 * Whether namespaces have triggers that call the functions which ask for them in their options (`space_triggers`).
 */
spaceTriggers: boolean, };

/**
 * Who asked for the run.
 */
export type Cause = "panel" | "gateway" | "cli" | "schedule" | "trigger" | "callback" | "provider";

/**
 * Series over time, of one function or of all. All lists have the same length: entry *i* tells of the time from
 * `from + i × step` until `from + (i + 1) × step`.
 *
 * `null` means that it is not known: runs that took no time because there were none have no percentiles, and what the
 * journal does not keep (all from `throttled` on) is known of the local engine only, since its start, for the last
 * hour in steps of 10 s and for the last day in steps of a minute and more. A last step that is not over yet is there
 * too.
 */
export type Chart = { 
/**
 * When the first step begins, ms since the epoch: a multiple of `step`.
 */
from: number, 
/**
 * How long each is, ms: what was asked for, or the next longer that there is.
 */
step: number, 
/**
 * Runs that started then, by the journal: exact, and over restarts. Those that are not over count too.
 */
runs: Array<number>, 
/**
 * Of them, those that ended, and not well.
 */
failed: Array<number>, 
/**
 * Of those, the ones whose function answered an error.
 */
applicationErrors: Array<number>, 
/**
 * The ones whose function broke, or ran out of what it may use.
 */
developerErrors: Array<number>, 
/**
 * The ones that failed by no fault of the function.
 */
systemErrors: Array<number>, 
/**
 * Callbacks and records of detached runs that were delivered then, by the journal.
 */
delivered: Array<number>, 
/**
 * Those that were given up then.
 */
undelivered: Array<number>, 
/**
 * Calls that were refused because too many waited (429). They are no runs.
 */
throttled: Array<number | null>, 
/**
 * Half of the runs that ended then took at most this long, initialisation included, ms. Off by at most 6.25 %.
 */
p50: Array<number | null>, 
/**
 * The same for 95 %.
 */
p95: Array<number | null>, 
/**
 * The same for 99 %.
 */
p99: Array<number | null>, 
/**
 * The share (0 to 1) of the runs that ended then for which a process was started. `null` also where none ended.
 */
coldShare: Array<number | null>, 
/**
 * Most runs that waited at the same time, as seen every 10 s; of all functions, the sum of theirs.
 */
queue: Array<number | null>, 
/**
 * Most worker processes, seen the same way.
 */
workers: Array<number | null>, 
/**
 * Most memory (resident) of them together, bytes, seen the same way.
 */
memory: Array<number | null>, };

/**
 * Code as the window sends it.
 */
export type CodeInput = { "type": "source", 
/**
 * Its text.
 */
text: string, } | { "type": "zip", 
/**
 * Its bytes in base64.
 */
base64: string, };

/**
 * A function's code as the window shows it.
 */
export type CodeView = { "type": "source", 
/**
 * Its text.
 */
text: string, } | { "type": "zip", 
/**
 * Its size.
 */
bytes: number, 
/**
 * What is in it.
 */
entries: Array<ZipEntry>, } | { "type": "sequence", 
/**
 * These.
 */
components: Array<FunctionKey>, } | { "type": "opaque", 
/**
 * Why.
 */
reason: string, };

/**
 * One of OpenWhisk's collections, beside its actions (which are functions here) and activations.
 */
export type Collection = "packages" | "triggers" | "rules";

/**
 * A system that the panel works over.
 */
export type Connection = { 
/**
 * [`LOCAL`], or 32 hex characters.
 */
id: string, 
/**
 * What a person called it.
 */
name: string, 
/**
 * The system.
 */
kind: ConnectionKind, 
/**
 * What the system has.
 */
capabilities: Capabilities, 
/**
 * Its colour.
 */
environment: Environment, 
/**
 * The base URL, for example `https://faas-lon1-0123abcd.doserverless.co`.
 */
apiHost: string, 
/**
 * The last four characters of the key.
 */
keyHint: string, 
/**
 * When it was added.
 */
created: number, 
/**
 * When the provider's activations were last read into the journal.
 */
lastSync: number | null, 
/**
 * Reachability.
 */
state: ConnectionState, 
/**
 * How Beckon keeps up with the runs there; `None` of the local engine, whose runs are in the journal at once, and of
 * a system that keeps no records.
 */
looks?: Looks | null, 
/**
 * The account that the connection was made from, while Beckon knows it.
 */
account: string | null, 
/**
 * The one namespace that the key opens, where Beckon made the key.
 */
accountNamespace: NamespaceName | null, 
/**
 * The public half of the key that Beckon made.
 */
keyId: string | null, 
/**
 * When that key ends; `None` for a key that Beckon did not make, and for one that never ends.
 */
keyExpires: number | null, 
/**
 * Whether Beckon makes a new key before that: it keeps the account's token.
 */
keyRenews: boolean, };

/**
 * A remote connection as a person types it.
 */
export type ConnectionDraft = { 
/**
 * What to call it.
 */
name: string, 
/**
 * The system.
 */
kind: ConnectionKind, 
/**
 * Its colour.
 */
environment: Environment, 
/**
 * The API host, with or without `https://`. May be empty when `key` is a whole curl command.
 */
apiHost: string, 
/**
 * `user:password`, base64 of it (with or without `Basic`), or a copied curl command; of `openfaas` the password, which
 * is empty where the gateway asks for none. `None` keeps the stored key.
 */
key: string | null, 
/**
 * The user of `openfaas`; `admin` when absent or empty. A change of it needs the password again.
 */
user?: string | null, };

/**
 * The system behind a connection.
 */
export type ConnectionKind = "local" | "openwhisk" | "digitalocean" | "openfaas" | "spaces";

/**
 * What is known about reaching a connection.
 */
export type ConnectionState = { "state": "unknown" } | { "state": "connected", 
/**
 * The round trip of the last check.
 */
latency_ms: number, 
/**
 * What answers there, where it says so: its name and version.
 */
server?: string | null, } | { "state": "failing", 
/**
 * What, without secrets.
 */
error: PanelError, };

/**
 * What a test of a connection found.
 */
export type ConnectionTest = { 
/**
 * The base URL that was tried.
 */
apiHost: string, 
/**
 * The round trip.
 */
latencyMs: number, 
/**
 * The namespaces that the key reaches.
 */
namespaces: Array<NamespaceName>, 
/**
 * What answers there, where it says so: its name and version.
 */
server: string | null, 
/**
 * What is worth a thought before it is kept: that the key travels without TLS.
 */
warning: string | null, };

/**
 * How a worker hands the event to the function's code, and what it takes for an answer.
 *
 * Whatever the door a call came through, the engine turns it into what the contract wants.
 */
export type Contract = "openwhisk" | "action_loop" | "scaleway" | "openfaas" | "openfaas_flask" | "fn" | "spaces" | "watchdog_classic" | "watchdog_http" | "watchdog_serializing" | "watchdog_streaming";

/**
 * Who is to run a copied text.
 */
export type CopyForm = "curl" | "doctl" | "wsk" | "npm" | "python" | "faas_cli";

/**
 * What a copied text asks for.
 */
export type CopyMode = "blocking" | "result" | "non_blocking" | "record" | "list";

/**
 * What was copied.
 */
export type CopyReply = { 
/**
 * The text, if it was asked for.
 */
text: string | null, 
/**
 * What the user must set first for the `$ENV` form: the variable's name.
 */
variable: string | null, };

/**
 * What a copied text calls.
 */
export type CopySource = { "type": "function", 
/**
 * The function.
 */
function: FunctionRef, 
/**
 * The input, a JSON object.
 */
input: string, } | { "type": "request", 
/**
 * The function.
 */
function: FunctionRef, 
/**
 * The request.
 */
request: RequestDraft, } | { "type": "run", 
/**
 * The run.
 */
id: ActivationId, };

/**
 * Where a copied text goes.
 */
export type CopyTo = "page" | "clipboard";

/**
 * How the token appears in a copied text.
 */
export type CopyToken = "masked" | "env" | "real";

/**
 * How many records match.
 */
export type Count = { 
/**
 * The count, up to the cap.
 */
count: number, 
/**
 * Whether there are more ("10,000+").
 */
capped: boolean, };

/**
 * How a trigger logs in.
 */
export type CredentialKind = "none" | "token" | "password" | "nkey" | "creds";

/**
 * Where a page ends, and the next one starts.
 */
export type Cursor = { 
/**
 * Start of the last row.
 */
start: number, 
/**
 * Its id, which decides between rows of the same millisecond.
 */
id: ActivationId, };

/**
 * A run that failed as often as it may.
 */
export type DeadLetter = { 
/**
 * The run, as a list shows it.
 */
run: ActivationSummary, 
/**
 * How often it was begun.
 */
attempts: number, 
/**
 * When it was given up.
 */
at: number, };

/**
 * A page of dead letters, those asked for last first.
 */
export type DeadPage = { 
/**
 * The dead letters.
 */
rows: Array<DeadLetter>, 
/**
 * Where the next page begins; `None` on the last.
 */
next: ActivationId | null, };

/**
 * A delivery with its history.
 */
export type Delivery = { 
/**
 * The headers that it is sent with, without credentials.
 */
headers: Array<[string, string]>, 
/**
 * The beginning of what is sent.
 */
body: Excerpt, 
/**
 * Every attempt, oldest first.
 */
history: Array<DeliveryAttempt>, 
/**
 * Its identity, 32 hexadecimal characters.
 */
id: string, 
/**
 * The run that it tells of.
 */
run: ActivationId, 
/**
 * The run's function.
 */
function: FunctionKey, 
/**
 * Why it is delivered.
 */
purpose: Purpose, 
/**
 * What kind of place it goes to.
 */
kind: DestinationKind, 
/**
 * Where it goes, without credentials.
 */
target: string, 
/**
 * Where it is.
 */
state: DeliveryState, 
/**
 * When the run was over.
 */
created: number, 
/**
 * When the next attempt is due, while one follows.
 */
due: number | null, 
/**
 * When it was delivered or given up.
 */
ended: number | null, 
/**
 * How many attempts were begun.
 */
attempts: number, 
/**
 * The status that the last attempt was answered with, if it came that far.
 */
status: number | null, 
/**
 * What went wrong in the last attempt.
 */
error: string | null, 
/**
 * What to do about it.
 */
hint: string | null, 
/**
 * The body's size in bytes.
 */
bytes: number, };

/**
 * One attempt to deliver.
 */
export type DeliveryAttempt = { 
/**
 * 1 for the first.
 */
number: number, 
/**
 * When it began.
 */
at: number, 
/**
 * How long it took, ms; `None` while it lasts, and where Beckon stopped in it.
 */
ms: number | null, 
/**
 * The answer's status.
 */
status: number | null, 
/**
 * What went wrong.
 */
error: string | null, 
/**
 * What to do about it.
 */
hint: string | null, 
/**
 * What was sent, without credentials.
 */
requestHeaders: Array<[string, string]>, 
/**
 * What came back, without credentials.
 */
responseHeaders: Array<[string, string]>, 
/**
 * The beginning of the answer's body.
 */
response: Excerpt | null, };

/**
 * How many deliveries are in which state.
 */
export type DeliveryCounts = { 
/**
 * [`DeliveryState::Pending`].
 */
pending: number, 
/**
 * [`DeliveryState::Delivering`].
 */
delivering: number, 
/**
 * [`DeliveryState::Delivered`].
 */
delivered: number, 
/**
 * [`DeliveryState::Failed`].
 */
failed: number, 
/**
 * [`DeliveryState::GaveUp`].
 */
gaveUp: number, };

/**
 * Which deliveries to list; everything that is `None` does not matter.
 */
export type DeliveryFilter = { 
/**
 * In this state.
 */
state: DeliveryState | null, 
/**
 * For this purpose.
 */
purpose: Purpose | null, 
/**
 * Of this function.
 */
function: FunctionKey | null, };

/**
 * Some deliveries, newest first.
 */
export type DeliveryPage = { 
/**
 * The rows.
 */
rows: Array<DeliverySummary>, 
/**
 * Where to go on; `None` at the end.
 */
next: number | null, };

/**
 * What the user allows deliveries to do.
 */
export type DeliveryRules = { 
/**
 * Hosts beside this machine that deliveries may go to: `host`, `host:port`, `*.domain`, an address, or `*` for all.
 * Link-local addresses (169.254.0.0/16, fe80::/10: a cloud's metadata) only where the address itself is listed.
 */
allowedHosts: Array<string>, 
/**
 * How often a delivery is tried by itself, 1 to 10. 1 is what OpenFaaS CE and Spaces do.
 */
attempts: number, 
/**
 * How long the receiver of one attempt may take to answer, seconds, 1 to 600.
 */
timeoutS: number, 
/**
 * Certificates (PEM) that are trusted beside the system's.
 */
certificates: string, };

/**
 * Where a delivery is.
 */
export type DeliveryState = "pending" | "delivering" | "delivered" | "failed" | "gave_up";

/**
 * A delivery as a list shows it.
 */
export type DeliverySummary = { 
/**
 * Its identity, 32 hexadecimal characters.
 */
id: string, 
/**
 * The run that it tells of.
 */
run: ActivationId, 
/**
 * The run's function.
 */
function: FunctionKey, 
/**
 * Why it is delivered.
 */
purpose: Purpose, 
/**
 * What kind of place it goes to.
 */
kind: DestinationKind, 
/**
 * Where it goes, without credentials.
 */
target: string, 
/**
 * Where it is.
 */
state: DeliveryState, 
/**
 * When the run was over.
 */
created: number, 
/**
 * When the next attempt is due, while one follows.
 */
due: number | null, 
/**
 * When it was delivered or given up.
 */
ended: number | null, 
/**
 * How many attempts were begun.
 */
attempts: number, 
/**
 * The status that the last attempt was answered with, if it came that far.
 */
status: number | null, 
/**
 * What went wrong in the last attempt.
 */
error: string | null, 
/**
 * What to do about it.
 */
hint: string | null, 
/**
 * The body's size in bytes.
 */
bytes: number, };

/**
 * A deployed function: what was asked for, and what there is of it.
 */
export type DeployedImage = { 
/**
 * What was deployed.
 */
deployment: Deployment, 
/**
 * How often it was called, where the server counts.
 */
invocations: number | null, 
/**
 * What its replicas take of processors together, in thousandths of one; where the server measures.
 */
cpuMillis: number | null, 
/**
 * What they take of memory together, bytes; where the server measures.
 */
memoryBytes: number | null, 
/**
 * The URL of asynchronous calls.
 */
asyncUrl: string, };

/**
 * A function that is deployed as a container image, as OpenFaaS' `FunctionDeployment` says it. There is no code.
 */
export type Deployment = { 
/**
 * The image's name, for example `ghcr.io/me/hello:1.0`.
 */
image: string, 
/**
 * The process that is started (`fprocess`); empty is the image's own.
 */
process: string, 
/**
 * Environment variables. They are no place for secrets: the server tells them to everybody who may list functions.
 */
env: { [key in string]: string }, 
/**
 * Labels; those that begin with `com.openfaas.scale.` say how it is scaled.
 */
labels: { [key in string]: string }, 
/**
 * Annotations, for example `topic` and `schedule`.
 */
annotations: { [key in string]: string }, 
/**
 * Names of the namespace's secrets that it reads.
 */
secrets: Array<string>, 
/**
 * Where it may be placed.
 */
constraints: Array<string>, 
/**
 * What it may use at most: `memory` (`128Mi`), `cpu` (`100m`), `nvidia.com/gpu` and the like.
 */
limits: { [key in string]: string }, 
/**
 * What is set aside for it; the same names.
 */
requests: { [key in string]: string }, 
/**
 * Whether it cannot write to its own files.
 */
readOnlyRootFilesystem: boolean, };

/**
 * Where a delivery goes.
 */
export type Destination = { "kind": "notification", 
/**
 * The topic's name or OCID.
 */
topic: string, } | { "kind": "queue", 
/**
 * The queue's name or OCID.
 */
queue: string, 
/**
 * The channel within it.
 */
channel: string | null, } | { "kind": "stream", 
/**
 * The stream's name or OCID.
 */
stream: string, } | { "kind": "http", 
/**
 * `http` or `https`.
 */
url: string, } | { "kind": "nats", 
/**
 * `nats://host:port`.
 */
server: string, 
/**
 * The subject.
 */
subject: string, };

/**
 * What kind of place a delivery goes to.
 */
export type DestinationKind = "notification" | "queue" | "stream" | "http" | "nats";

/**
 * What the engine is doing.
 */
export type EngineStatus = { 
/**
 * Every worker process.
 */
workers: Array<WorkerStatus>, 
/**
 * Accepted runs that have not begun.
 */
queued: number, 
/**
 * Runs in a worker.
 */
running: number, 
/**
 * Runs since the engine started.
 */
total: number, 
/**
 * How many of them needed a new worker.
 */
cold: number, 
/**
 * Bytes in memory of all workers together, as last measured; of those not measured yet, what is expected.
 */
memory: number, 
/**
 * Most bytes that they may take: beyond it idle workers go, and runs wait where none is idle.
 */
memoryCap: number, 
/**
 * Interpreters that are started, hold no function and wait for one (stem cells). They take memory beside `memory`,
 * and are the first to go when it is short.
 */
stemCells: number, };

/**
 * What a namespace has besides its functions; most recently updated first.
 */
export type Entities = { 
/**
 * Packages and bindings.
 */
packages: Array<PackageView>, 
/**
 * OpenWhisk's triggers, which are fired. (The `Trigger`s of `triggers` listen to messages.)
 */
triggers: Array<EventTriggerView>, 
/**
 * What joins them to functions.
 */
rules: Array<RuleView>, };

/**
 * Where a package, a trigger or a rule is: its namespace and its name. Written `/namespace/name`.
 */
export type EntityKey = { 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * Its name there. Packages, triggers and rules share one set of names, as OpenWhisk has it.
 */
name: EntityName, };

/**
 * The name of a package, a trigger or a rule: one segment.
 */
export type EntityName = string;

/**
 * A plain environment variable.
 */
export type EnvVar = { 
/**
 * Its name: `[A-Za-z_][A-Za-z0-9_]*`.
 */
name: string, 
/**
 * Its value.
 */
value: string, };

/**
 * How dangerous a mistake is; decides the colour of the connection in the window.
 */
export type Environment = "local" | "development" | "staging" | "production";

/**
 * What went wrong, as a closed set that the window maps to a severity, a sentence and a next action.
 */
export type ErrorCode = "invalid_input" | "not_found" | "conflict" | "unauthorized" | "forbidden" | "limit_exceeded" | "busy" | "not_supported" | "runtime_missing" | "secret_store_unavailable" | "secret_store_locked" | "wrong_passphrase" | "unreachable" | "bad_reply" | "timeout" | "cancelled" | "shutting_down" | "internal";

/**
 * What a trigger shall be.
 */
export type EventTriggerDraft = { 
/**
 * All of its parameters.
 */
parameters: Array<NamedJson>, 
/**
 * All of its annotations; absent leaves them. The annotation `feed` names a feed's function, which is not told of
 * the trigger by this.
 */
annotations?: Array<NamedJson> | null, };

/**
 * Something that happens: firing it calls the functions that active rules join to it.
 */
export type EventTriggerView = { 
/**
 * Arguments of what it calls, below what it is fired with.
 */
parameters: Array<NamedJson>, 
/**
 * The function that fires it when something happens elsewhere, `/namespace/package/name`, where it has one.
 */
feed: string | null, 
/**
 * The rules that join it, the active and the inactive; by name.
 */
rules: Array<JoinedRule>, 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * Its name there.
 */
name: EntityName, 
/**
 * Its version; a change adds one to the patch.
 */
version: string, 
/**
 * Whether other namespaces may use it; of a trigger and a rule OpenWhisk's flag, which has no effect.
 */
publish: boolean, 
/**
 * Its annotations; of a trigger `feed` among them.
 */
annotations: Array<NamedJson>, 
/**
 * When it was last changed.
 */
updated: number, };

/**
 * The beginning of a body, for eyes.
 */
export type Excerpt = { 
/**
 * The text; base64 when it is none.
 */
text: string, 
/**
 * Whether `text` is base64.
 */
base64: boolean, 
/**
 * Whether there is more.
 */
more: boolean, };

/**
 * What went over HTTP in a run, beside the bodies.
 */
export type Exchange = { 
/**
 * The request's method.
 */
method: string, 
/**
 * The path that the function sees, beginning with `/`.
 */
path: string, 
/**
 * The query as it was sent, without `?`; empty when there was none.
 */
query: string, 
/**
 * The request's headers, in order. Values that carry credentials are replaced by `***`.
 */
headers: Array<[string, string]>, 
/**
 * What `input` is of the request's body.
 */
body: BodyForm, 
/**
 * The response's status; `None` while there is no response.
 */
status: number | null, 
/**
 * The response's headers, in order.
 */
responseHeaders: Array<[string, string]>, 
/**
 * What `result` is of the response's body.
 */
responseBody: BodyForm, };

/**
 * How the local engine keeps, retries and reaches a function. Everything has a default, so that what an older Beckon
 * stored can be read.
 */
export type ExecutionSettings = { 
/**
 * Workers that are kept ready though nobody calls, 0 to [`crate::Limits::concurrency`].
 */
minWorkers: number, 
/**
 * Runs that one worker may have at a time, 1 to 100; 0 is 1. Only where the contract allows it
 * ([`crate::Contract::shares_worker`]).
 */
runsPerWorker: number, 
/**
 * By what load there are more workers than are kept ready; `None`: by need alone.
 */
scaling?: Scaling | null, 
/**
 * How long an idle worker is kept, seconds; `None` is the engine's default.
 */
idleTimeoutS: number | null, 
/**
 * Longest detached run, seconds, 5 to 3600 (OCI); `None`: as long as any other run.
 */
detachedTimeoutS: number | null, 
/**
 * Whether it is denied the network.
 */
noNetwork: boolean, 
/**
 * Whether packages may run their own install and build scripts when its dependencies are installed: other people's
 * programs, with the rights of whoever runs Beckon.
 */
installScripts: boolean, 
/**
 * The watchdog's own settings, for its contracts.
 */
watchdog: Watchdog, 
/**
 * What happens when an accepted run fails.
 */
retry: Retry, 
/**
 * Where the record of a detached run that ended well is delivered.
 */
onSuccess: Destination | null, 
/**
 * Where the record of a detached run that failed is delivered.
 */
onFailure: Destination | null, 
/**
 * Host names under which it answers every path.
 */
domains: Array<string>, 
/**
 * The folder that its code comes from.
 */
folder: FolderSource | null, 
/**
 * Secrets of its namespace that it finds as files, by name.
 */
secrets?: Array<string>, };

/**
 * What came of firing a trigger.
 */
export type Fired = { 
/**
 * The record of the firing, whose log has a line (JSON) for each rule; `null` when no rule was active: then nothing
 * was called, and there is no record. A provider's record is fetched into the journal within seconds, if the provider
 * has one: until then `activation` answers `not_found`.
 */
activation: ActivationId | null, };

/**
 * One line of a schedule's history: the newest 200 are kept.
 */
export type Firing = { 
/**
 * When it was dealt with.
 */
at: number, 
/**
 * The time of the expression that it is about; for missed times the newest; `None`: started by hand.
 */
due: number | null, } & ({ "outcome": "accepted", 
/**
 * The run.
 */
activation: ActivationId, 
/**
 * Whether it makes up for a time that was missed.
 */
late: boolean, } | { "outcome": "refused", 
/**
 * Why.
 */
message: string, } | { "outcome": "missed", 
/**
 * The oldest of them that was counted.
 */
since: number, 
/**
 * How many; at most 1000 are counted.
 */
count: number, 
/**
 * Of these, how many the policy makes up for; their runs have lines of their own.
 */
made_up: number, } | { "outcome": "clock_set_back", 
/**
 * How far ahead the schedule was, ms.
 */
by: number, });

/**
 * One file of a folder.
 */
export type FolderFile = { 
/**
 * Relative to the folder.
 */
path: string, 
/**
 * Its size in bytes.
 */
size: number, };

/**
 * What a folder would be as a function.
 */
export type FolderPreview = { 
/**
 * The folder, links resolved.
 */
path: string, 
/**
 * Its files, in order.
 */
files: Array<FolderFile>, 
/**
 * Their bytes together, unpacked.
 */
bytes: number, 
/**
 * What is left out, with the reason; at most 200 of it.
 */
leftOut: Array<LeftOut>, 
/**
 * How many files and folders are left out; a folder counts once.
 */
leftOutCount: number, };

/**
 * A folder that a function's code is taken from.
 */
export type FolderSource = { 
/**
 * Absolute path.
 */
path: string, 
/**
 * Whether saving a file in it deploys it again.
 */
watch: boolean, };

/**
 * A function's folder, and how it is getting on.
 */
export type FolderState = { 
/**
 * The function.
 */
function: FunctionKey, 
/**
 * Its folder, or its file.
 */
folder: FolderSource, 
/**
 * What is happening.
 */
status: FolderStatus, 
/**
 * How many files the code was last made of; 0 when this Beckon has not looked yet.
 */
files: number, 
/**
 * Their bytes together.
 */
bytes: number, 
/**
 * How many folders are watched.
 */
watched: number, 
/**
 * How often a change became a new version since Beckon started.
 */
deploys: number, 
/**
 * How often a change could not be deployed since Beckon started.
 */
failures: number, 
/**
 * When the folder last became a new version.
 */
lastDeploy: number | null, };

/**
 * What is happening with a folder.
 */
export type FolderStatus = { "state": "unwatched" } | { "state": "waiting" } | { "state": "watching" } | { "state": "deploying" } | { "state": "failed", 
/**
 * Why.
 */
error: PanelError, } | { "state": "missing" };

/**
 * A credential of another tool, without its secret.
 */
export type FoundCredential = { 
/**
 * What `import_found` calls it; the same as long as the entry stands where it stands.
 */
id: string, 
/**
 * Whose it is.
 */
source: FoundSource, 
/**
 * The file.
 */
path: string, 
/**
 * What the tool calls it: doctl's context, or the namespace's label.
 */
label: string | null, 
/**
 * Where it leads: the API host, or the base URL of an account's API.
 */
apiHost: string | null, 
/**
 * The namespace; `None` for an account, and where the file does not say.
 */
namespace: string | null, 
/**
 * The last four characters of the key or token.
 */
keyHint: string, 
/**
 * Why it cannot be taken over.
 */
problem: string | null, 
/**
 * Whether Beckon has it already.
 */
connected: boolean, };

/**
 * Whose credential it is.
 */
export type FoundSource = "wskprops" | "doctl" | "doctl_account" | "nimbella" | "faas_cli";

/**
 * A function's code as a file.
 */
export type FunctionCode = { "type": "source", 
/**
 * What to call it, for example `hello.js`.
 */
file: string, 
/**
 * Its text.
 */
text: string, } | { "type": "zip", 
/**
 * What to call it, for example `hello.zip`.
 */
file: string, 
/**
 * Its bytes in base64.
 */
base64: string, };

/**
 * A function with everything that its page shows.
 */
export type FunctionDetail = { 
/**
 * Where it is.
 */
function: FunctionRef, 
/**
 * Its version, as its system writes it. Saves name the version that they replace.
 */
version: string, 
/**
 * Its kind.
 */
kind: string, 
/**
 * Its language, where Beckon knows it.
 */
language: Language | null, 
/**
 * The entry point; `default_entry` when absent.
 */
main: string | null, 
/**
 * How its handler is called.
 */
contract: Contract, 
/**
 * The entry point that the contract assumes.
 */
defaultEntry: string, 
/**
 * Whether it takes a request and gives a response: `invoke_http` calls it as its callers do.
 */
speaksHttp: boolean, 
/**
 * Whether one worker may have several runs at a time.
 */
sharesWorker: boolean, 
/**
 * Whether a worker stays for the next run.
 */
keepsWorker: boolean, 
/**
 * How it is kept, retried and reached. `folder` is changed by `set_folder` alone.
 */
settings: ExecutionSettings, 
/**
 * Its code.
 */
code: CodeView, 
/**
 * Default parameters.
 */
parameters: Array<NamedJson>, 
/**
 * Plain environment variables.
 */
env: Array<EnvVar>, 
/**
 * Names of the secret environment variables; the values never come back.
 */
secrets: Array<string>, 
/**
 * What it may use.
 */
limits: Limits, 
/**
 * Web or private.
 */
web: WebExport, 
/**
 * After a crash of Beckon.
 */
lostPolicy: LostPolicy, 
/**
 * When it was made; 0 where a provider does not say.
 */
created: number, 
/**
 * When it was last changed.
 */
updated: number, 
/**
 * Whether all of it can be changed here: it is a function of the local engine.
 */
editable: boolean, 
/**
 * What of it can be changed here; of a provider's function some, too.
 */
edits: FunctionEdits, 
/**
 * The URL of its REST API, without query: POST invokes it.
 */
apiUrl: string | null, 
/**
 * Where it answers HTTP requests without a token, if it speaks HTTP or is a web function: at its provider, or at
 * the gateway here where that is served. (A web function with the annotation `require-whisk-auth` wants its secret.)
 */
functionUrl: string | null, 
/**
 * What was deployed, of a connection whose functions are images: there is no code, no version, and no settings, and
 * `deploy_function` changes it.
 */
image: DeployedImage | null, 
/**
 * How it is, where functions are started before they are called.
 */
readiness: Readiness | null, 
/**
 * What the triggers of its namespace call it for, where it says so itself: in a provider's space
 * (`capabilities.spaceTriggers`).
 */
options: FunctionOptions | null, };

/**
 * What of a function can be changed from here.
 */
export type FunctionEdits = { 
/**
 * Its code, by `save_code`. A sequence has none.
 */
code: boolean, 
/**
 * By `configure_function`: entry point, default parameters, environment variables, timeout, memory, logs and web.
 * By `set_function_secret` and `remove_function_secret`: the variables that `secrets` names.
 */
settings: boolean, 
/**
 * By `deploy_function`: image, process, variables, labels, annotations, secrets and limits. It has neither code nor
 * settings then.
 */
deployment: boolean, 
/**
 * What only Beckon's own engine has: the contract, the execution settings, concurrency, the lost policy, secrets in
 * the secret store, folders, builds, schedules, message triggers, queues.
 */
engine: boolean, 
/**
 * Whether the values of environment variables stay where they are, as a provider's do: `env` is empty then, and
 * `secrets` names all variables. What `configure_function` gets in `env` is added or replaced; the others stay, and
 * are taken away with `remove_function_secret`.
 */
hiddenEnv: boolean, };

/**
 * A function of the local engine: its namespace and its name.
 */
export type FunctionKey = { 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * `name` or `package/name`.
 */
name: FunctionName, };

/**
 * A kind of function that a connection's system runs.
 */
export type FunctionKind = { 
/**
 * As `create_function` takes it, for example `nodejs:18`.
 */
kind: string, 
/**
 * The family that it is of, for example `nodejs`.
 */
family: string, 
/**
 * Its language; `None` of one that Beckon cannot make functions of.
 */
language: Language | null, 
/**
 * Whether it is its family's default.
 */
default: boolean, 
/**
 * Whether the system takes it only for functions that are there already.
 */
deprecated: boolean, 
/**
 * Whether its functions must name their entry point.
 */
needsMain: boolean, };

/**
 * Which lines of a function's log are wanted.
 */
export type FunctionLogAsk = { 
/**
 * From this time on. Without it the server decides: Kubernetes tells the last five minutes.
 */
since?: number | null, 
/**
 * Only the last so many of those that were written already, 1 to 100,000.
 */
tail?: number | null, 
/**
 * Only of this replica.
 */
instance?: string | null, 
/**
 * Whether to go on with the lines that come, until the caller goes away.
 */
follow: boolean, };

/**
 * A line that a function wrote, apart from any run.
 */
export type FunctionLogLine = { 
/**
 * When, to the microsecond: microseconds since the Unix epoch. `None` where the server does not say.
 */
atUs: number | null, 
/**
 * Which replica wrote it: a pod, a container or a process.
 */
instance: string, 
/**
 * The line without its newline.
 */
text: string, };

/**
 * The name of a function inside its namespace: `hello`, or `sample/hello` in package `sample`.
 */
export type FunctionName = string;

/**
 * What a function of a space has its space's triggers call it for.
 */
export type FunctionOptions = { 
/**
 * Topics of messages, with the wildcards of their broker.
 */
topics: Array<string>, 
/**
 * A cron expression.
 */
schedule: string | null, };

/**
 * A function anywhere: the connection it is reached by, its namespace there and its name.
 */
export type FunctionRef = { 
/**
 * The id of the connection; [`crate::LOCAL`] is this machine's engine.
 */
connection: string, 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * `name` or `package/name`.
 */
name: FunctionName, };

/**
 * Everything about a function but its code and its secrets.
 */
export type FunctionSettings = { 
/**
 * The entry point; `None` is the contract's own.
 */
main: string | null, 
/**
 * How its handler is called; `None` leaves it.
 */
contract: Contract | null, 
/**
 * How it is kept, retried and reached; `None` leaves it. Its `folder` is not looked at: that is `set_folder`'s.
 */
settings: ExecutionSettings | null, 
/**
 * Default parameters.
 */
parameters: Array<NamedJson>, 
/**
 * Plain environment variables.
 */
env: Array<EnvVar>, 
/**
 * What it may use.
 */
limits: Limits, 
/**
 * Web or private.
 */
web: WebExport, 
/**
 * After a crash of Beckon.
 */
lostPolicy: LostPolicy, 
/**
 * What the triggers of its space call it for; `None` leaves it. `NotSupported` where `FunctionDetail` has none.
 */
options?: FunctionOptions | null, };

/**
 * A function as a list shows it, local or remote.
 */
export type FunctionSummary = { 
/**
 * Its version, as its system writes it.
 */
version: string, 
/**
 * Its kind, as its system writes it, for example `nodejs:20`, `sequence`.
 */
kind: string, 
/**
 * Web or private.
 */
web: WebExport, 
/**
 * Its limits.
 */
limits: Limits, 
/**
 * When it was last changed.
 */
updated: number, 
/**
 * Its container image, where functions are images.
 */
imageName: string | null, 
/**
 * How it is, where functions are started before they are called.
 */
readiness: Readiness | null, 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * `name` or `package/name`.
 */
name: FunctionName, };

/**
 * Something that keeps a function in its place. Which of them hold on a machine depends on its kernel and account;
 * what was in force is on the record of each run.
 */
export type Guard = "session" | "environment" | "no_new_privileges" | "files" | "signals" | "sockets" | "processes" | "file_size" | "disk" | "memory" | "network" | "secrets";

/**
 * Whether a guard can be enforced here.
 */
export type GuardStatus = { 
/**
 * Which.
 */
guard: Guard, 
/**
 * Whether runs get it on this machine. [`Guard::Network`] and [`Guard::Secrets`] only where the function asks for it;
 * before Linux 7.1, [`Guard::Sockets`] for functions of Fn, which serve on such a socket, only where the network is
 * closed to them.
 */
enforced: boolean, 
/**
 * Why not, or what is missing from it: a sentence.
 */
why: string | null, };

/**
 * A handler contract, and what follows from choosing it.
 */
export type Handler = { 
/**
 * The contract.
 */
contract: Contract, 
/**
 * The languages that it is offered for.
 */
languages: Array<Language>, 
/**
 * Whether it takes a request and gives a response.
 */
speaksHttp: boolean, 
/**
 * The entry point when none is given.
 */
defaultEntry: string, 
/**
 * The languages in which a worker stays for the next run.
 */
keepsWorker: Array<Language>, 
/**
 * The languages in which one worker may have several runs at a time.
 */
sharesWorker: Array<Language>, };

/**
 * Counts of runs over time.
 */
export type Histogram = { 
/**
 * Start of the first bucket.
 */
from: number, 
/**
 * End of the last one.
 */
to: number, 
/**
 * Length of each bucket, ms.
 */
step: number, 
/**
 * All buckets, empty ones included.
 */
buckets: Array<Bucket>, };

/**
 * What the name of a container image stands for on this machine, which runs no containers.
 */
export type Image = { 
/**
 * The name as clients write it, for example `ghcr.io/me/hello:1.0`. Without a tag it stands for every tag.
 */
name: string, 
/**
 * The folder with the code, absolute; `None`: the process that the deployment itself names.
 */
folder: string | null, 
/**
 * When it was mapped first.
 */
created: number, };

/**
 * What became of an import.
 */
export type Imported = { 
/**
 * A connection for each key; one that was there already is here, too.
 */
connections: Array<Connection>, 
/**
 * The accounts whose tokens were taken over. Their namespaces are still to be chosen: `account_namespaces` and
 * `connect_namespaces`.
 */
accounts: Array<Account>, };

/**
 * What an inbox stands for.
 */
export type InboxKind = "callback" | "notification" | "queue" | "stream";

/**
 * What arrived in an inbox.
 */
export type InboxMessage = { 
/**
 * Its number, rising in the order of arrival.
 */
number: number, 
/**
 * The inbox.
 */
inbox: string, 
/**
 * When it arrived.
 */
at: number, 
/**
 * The request's method.
 */
method: string, 
/**
 * The path below the inbox, beginning with `/`; `/` when there was none.
 */
path: string, 
/**
 * The query without `?`.
 */
query: string, 
/**
 * The headers, in order, without credentials.
 */
headers: Array<[string, string]>, 
/**
 * What `document` is of the body.
 */
body: BodyForm, 
/**
 * The body.
 */
document: JsonText, 
/**
 * The body's size in bytes.
 */
bytes: number, 
/**
 * The run that it tells of, if one could be found.
 */
run: ActivationId | null, 
/**
 * How the run was found.
 */
matched: MatchedBy | null, };

/**
 * An inbox, and where it is reached.
 */
export type InboxView = { 
/**
 * The URL that anybody may send to; `None` for what stands for a topic, queue or stream, and while the gateway does
 * not answer.
 */
url: string | null, 
/**
 * Its identity, 32 random hexadecimal characters; with `kind` `callback` it is the secret part of the URL.
 */
id: string, 
/**
 * What it stands for.
 */
kind: InboxKind, 
/**
 * The user's name for it, or the name of the topic, queue or stream.
 */
label: string, 
/**
 * When it was made.
 */
created: number, 
/**
 * The status that senders are answered with.
 */
answer: number, 
/**
 * The run that it was made for.
 */
run: ActivationId | null, 
/**
 * How many messages are in it.
 */
messages: number, 
/**
 * When the newest arrived.
 */
newest: number | null, };

/**
 * How the window invokes.
 */
export type InvokeMode = "blocking" | "non_blocking";

/**
 * What came of an invocation: a record that is over, or one that is on its way (`queued`, `running`, `polling`).
 */
export type InvokeReply = { 
/**
 * The record as it is now.
 */
activation: Activation, 
/**
 * Whether a blocking call passed the limit and became asynchronous.
 */
promoted: boolean, };

/**
 * How waits between attempts are spread, so that what failed together does not come back together.
 */
export type Jitter = "none" | "full" | "equal";

/**
 * A rule as its trigger knows it.
 */
export type JoinedRule = { 
/**
 * Its name, in the trigger's namespace.
 */
name: EntityName, 
/**
 * What it calls.
 */
action: FunctionKey, 
/**
 * Whether it does.
 */
active: boolean, };

/**
 * A JSON document kept as the text it arrived as: numbers keep their digits and objects their key order.
 *
 * Crosses to the window as a string of JSON, because `JSON.parse` there would round large numbers.
 */
export type JsonText = string;

/**
 * What a function's code is written in, from the engine's point of view.
 */
export type Language = "node" | "python" | "php" | "ruby" | "go" | "rust" | "executable";

/**
 * A file or folder that is not part of the function.
 */
export type LeftOut = { 
/**
 * Relative to the folder; folders end with `/`.
 */
path: string, 
/**
 * Why, for example `.gitignore: *.log`.
 */
reason: string, };

/**
 * What a function may use. Defaults and ranges follow OpenWhisk.
 */
export type Limits = { 
/**
 * Longest run, milliseconds, 100 to 900,000. Past it the process group is killed.
 */
timeoutMs: number, 
/**
 * Memory in MB, 32 to 4096. Recorded; enforced by the engine where the platform allows.
 */
memoryMb: number, 
/**
 * Most log bytes kept per run, in KB, 0 to 10,240.
 */
logsKb: number, 
/**
 * Most workers of the function at the same time, 1 to 64. A worker takes one run at a time unless
 * [`Settings::runs_per_worker`] says more.
 */
concurrency: number, };

/**
 * One line that a function wrote.
 */
export type LogLine = { 
/**
 * When it was read, to the microsecond: microseconds since the Unix epoch.
 */
at_us: number, 
/**
 * Where it was written.
 */
stream: LogStream, 
/**
 * The line without its newline.
 */
text: string, };

/**
 * Which stream a log line was written to.
 */
export type LogStream = "stdout" | "stderr";

/**
 * How Beckon keeps up with the runs at a provider, since it started.
 */
export type Looks = { 
/**
 * Whether it reads them now.
 */
looking: boolean, 
/**
 * When it last did, with or without success.
 */
last: number | null, 
/**
 * When it does next, a minute more or less; `None` where nothing is read by itself.
 */
next: number | null, 
/**
 * How often in a row it failed. With each time the next one is further off, a quarter of an hour at most.
 */
failures: number, 
/**
 * Why it failed the last time; `None` when it did not.
 */
error: PanelError | null, };

/**
 * What to do with an accepted run that had begun when Beckon died.
 */
export type LostPolicy = "record" | "retry";

/**
 * How a message's run was found. The earlier one counts.
 */
export type MatchedBy = "inbox" | "call_id" | "activation_id" | "function_name";

/**
 * Some messages, newest first.
 */
export type MessagePage = { 
/**
 * The rows.
 */
rows: Array<InboxMessage>, 
/**
 * Where to go on; `None` at the end.
 */
next: number | null, };

/**
 * What happens to times that passed while nobody could fire them. A time counts as missed when it is found more than
 * 30 seconds late.
 */
export type MissedPolicy = "skip" | "once" | "all";

/**
 * How the caller waits.
 */
export type Mode = "blocking" | "non_blocking" | "promoted";

/**
 * A name with a JSON value: a default parameter or an annotation. Order is kept.
 */
export type NamedJson = { 
/**
 * The name.
 */
key: string, 
/**
 * Its value.
 */
value: JsonText, };

/**
 * A namespace of the local engine, or one seen at a provider.
 */
export type Namespace = { 
/**
 * Its name, which never changes and is part of every URL.
 */
name: NamespaceName, 
/**
 * What people call it; may be changed at will.
 */
label: string, 
/**
 * When it was made; 0 where a provider does not say.
 */
created: number, 
/**
 * How many functions are in it.
 */
functions: number, };

/**
 * The labels and annotations of a provider's namespace (OpenFaaS' `FunctionNamespace`).
 */
export type NamespaceMetadata = { 
/**
 * Labels, for example `openfaas=1`, by which OpenFaaS knows a namespace for its own.
 */
labels: { [key in string]: string }, 
/**
 * Annotations.
 */
annotations: { [key in string]: string }, };

/**
 * The name of a namespace, for example `playground` or `fn-378ae839-e58b-4cd1-afcf-632cd7b7b8db`.
 */
export type NamespaceName = string;

/**
 * What came of connecting one namespace: a connection or an error.
 */
export type NamespaceOutcome = { 
/**
 * Its name.
 */
namespace: NamespaceName, 
/**
 * What its owner calls it.
 */
label: string, 
/**
 * The connection, when it is connected.
 */
connection: Connection | null, 
/**
 * Whether the connection was there before: it stays what it is, with its records, and has another key.
 */
existed: boolean, 
/**
 * Why it is not connected.
 */
error: PanelError | null, };

/**
 * An access key that has just been made.
 */
export type NewAccessKeyView = { 
/**
 * The key.
 */
key: AccessKeyView, 
/**
 * `id:secret`, shown this once and kept nowhere.
 */
credential: string, };

/**
 * What a schedule is made of, as a person (or a gateway's client) gives it.
 */
export type NewSchedule = { 
/**
 * What to call it; the function's name when empty.
 */
name: string, 
/**
 * What to call.
 */
function: FunctionKey, 
/**
 * Cron expressions, separated by `;`: five fields, or six with seconds first, or a nickname such as `@daily`.
 */
expression: string, 
/**
 * The IANA time zone; `UTC` when empty.
 */
zone: string, 
/**
 * A JSON object.
 */
arguments: JsonText, 
/**
 * What happens to missed times.
 */
missed: MissedPolicy, 
/**
 * Whether it fires.
 */
enabled: boolean, };

/**
 * What a space's trigger is made of. Its password travels beside it, and never comes back.
 */
export type NewSpaceTrigger = { 
/**
 * At most 1,000 characters; may be empty.
 */
description: string, 
/**
 * What it listens to. The type of one that is there cannot be changed.
 */
source: SpaceTriggerSource, 
/**
 * Who is told how each call ended: http(s).
 */
callbackUrl: string | null, };

/**
 * A token just made: the only time that its credential is part of an answer unasked.
 */
export type NewToken = { 
/**
 * The token.
 */
token: Token, 
/**
 * The credential as its clients expect it (`user:key`; of an account the token alone).
 */
credential: string, };

/**
 * What a trigger is made of, as a person gives it.
 */
export type NewTrigger = { 
/**
 * What to call it; what it listens to when empty.
 */
name: string, 
/**
 * What to call.
 */
function: FunctionKey, 
/**
 * The server, as in [`Trigger::server`]; the scheme and the port may be left out.
 */
server: string, 
/**
 * Which of the server's messages.
 */
subscription: Subscription, 
/**
 * What kind of credential it logs in with.
 */
credential: CredentialKind, 
/**
 * Whether it starts paused.
 */
paused: boolean, };

/**
 * Something that happened to a schedule or trigger.
 */
export type Noted = { 
/**
 * When.
 */
at: number, 
/**
 * What, in one sentence or two. Holds no secret.
 */
message: string, };

/**
 * What the window needs before it can show anything.
 */
export type Overview = { 
/**
 * Beckon's version.
 */
version: string, 
/**
 * Where the local gateway answers, for example `http://127.0.0.1:6464`; `None` while it is not served.
 */
gatewayUrl: string | null, 
/**
 * Where everything is kept.
 */
dataDir: string, 
/**
 * The local connection first, then the remote ones.
 */
connections: Array<Connection>, 
/**
 * Where secrets are kept.
 */
secretStore: SecretStoreState, 
/**
 * The runtimes of this machine.
 */
runtimes: Array<RuntimeStatus>, 
/**
 * The function to show first: the one run last, or else the first example.
 */
firstFunction: FunctionRef | null, 
/**
 * Whether this host puts text on the clipboard itself (the desktop window does).
 */
hostClipboard: boolean, };

/**
 * What a package shall be.
 */
export type PackageDraft = { 
/**
 * All of its parameters.
 */
parameters: Array<NamedJson>, 
/**
 * All of its annotations; absent leaves them.
 */
annotations?: Array<NamedJson> | null, 
/**
 * Whether other namespaces may use it; absent leaves it, and a new one is private.
 */
publish?: boolean | null, 
/**
 * Makes it a binding of that package. A package cannot become a binding; a binding stays one.
 */
binding?: EntityKey | null, };

/**
 * A package of functions, or a binding: another package under a name and with parameters of one's own.
 */
export type PackageView = { 
/**
 * Arguments of all of its functions, below their own. Of a binding those that it adds.
 */
parameters: Array<NamedJson>, 
/**
 * Names of the environment variables that it gives its functions, below their own. Their values are not shown, and
 * stay what they are when the package is changed. Of a binding those that it adds.
 */
environment: Array<string>, 
/**
 * The package that it is a binding of.
 */
binding: EntityKey | null, 
/**
 * What is in it, or in the package that it is a binding of; by name.
 */
functions: Array<PackagedFunction>, 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * Its name there.
 */
name: EntityName, 
/**
 * Its version; a change adds one to the patch.
 */
version: string, 
/**
 * Whether other namespaces may use it; of a trigger and a rule OpenWhisk's flag, which has no effect.
 */
publish: boolean, 
/**
 * Its annotations; of a trigger `feed` among them.
 */
annotations: Array<NamedJson>, 
/**
 * When it was last changed.
 */
updated: number, };

/**
 * A function within a package.
 */
export type PackagedFunction = { 
/**
 * Its name within the package.
 */
name: string, 
/**
 * Its kind, as its system writes it.
 */
kind: string, };

/**
 * Some rows, newest first.
 */
export type Page = { 
/**
 * The rows.
 */
rows: Array<ActivationSummary>, 
/**
 * Where to go on; `None` at the end.
 */
next: Cursor | null, };

/**
 * An error as it crosses every boundary of Beckon. Never holds a secret.
 */
export type PanelError = { 
/**
 * The kind of failure.
 */
code: ErrorCode, 
/**
 * One sentence for a person.
 */
message: string, 
/**
 * What to do next, if there is something.
 */
hint?: string, 
/**
 * Whether the same call may succeed later, unchanged.
 */
retryable: boolean, 
/**
 * More, for the curious: the provider's own text, a request id, a path.
 */
details?: string, };

/**
 * Something changed; the window listens and refreshes what it shows.
 */
export type PanelEvent = { "type": "activations", 
/**
 * The rows as they are now.
 */
rows: Array<ActivationSummary>, } | { "type": "functions", 
/**
 * The connection's id.
 */
connection: string, } | { "type": "tokens" } | { "type": "connections" } | { "type": "queues" } | { "type": "engine" } | { "type": "schedules" } | { "type": "triggers" } | { "type": "folders" } | { "type": "deliveries" } | { "type": "inboxes" } | { "type": "lagged" };

/**
 * A function of a project as it would be deployed.
 */
export type PlannedFunction = { 
/**
 * `name` or `package/name`; unique in the project.
 */
name: string, 
/**
 * The namespace that the file names; it is only deployed there when nothing else is chosen.
 */
namespace: string | null, 
/**
 * The folder, source file or zip that its code is in, absolute. Of a sequence the project's own.
 */
folder: string, 
/**
 * Of a sequence, the functions that it calls one after the other, as the file names them. Nothing for all others.
 */
sequence: Array<string>, 
/**
 * What it would run on; `None` when Beckon has nothing for it, which is a problem below.
 */
runtime: Runtime | null, 
/**
 * How its handler is called.
 */
contract: Contract, 
/**
 * The entry point; `None` is the contract's own.
 */
main: string | null, 
/**
 * Plain environment variables.
 */
env: Array<[string, string]>, 
/**
 * Secret ones.
 */
secrets: Array<PlannedSecret>, 
/**
 * Default parameters.
 */
parameters: Array<NamedJson>, 
/**
 * Annotations.
 */
annotations: Array<NamedJson>, 
/**
 * What it may use.
 */
limits: Limits, 
/**
 * How it is kept and reached.
 */
settings: ExecutionSettings, 
/**
 * Web or private.
 */
web: WebExport, 
/**
 * When it is called by the clock.
 */
schedules: Array<PlannedSchedule>, 
/**
 * What is wrong, what is not supported, what is different here.
 */
problems: Array<Problem>, 
/**
 * Whether it can be deployed: there is no problem that is an error.
 */
deployable: boolean, };

/**
 * A schedule that a project asks for.
 */
export type PlannedSchedule = { 
/**
 * Its name.
 */
name: string, 
/**
 * Cron, in UTC.
 */
expression: string, 
/**
 * A JSON object.
 */
arguments: JsonText, 
/**
 * Whether it would fire.
 */
enabled: boolean, };

/**
 * A secret that a function needs.
 */
export type PlannedSecret = { 
/**
 * The environment variable that the function finds it in.
 */
name: string, 
/**
 * Where its value is, or is to come from, for example `.env` or `secrets`.
 */
source: string, 
/**
 * Whether the value is known now; else the user sets it after the deploy.
 */
known: boolean, };

/**
 * One of the next times.
 */
export type PreviewedTime = { 
/**
 * The moment.
 */
at: number, 
/**
 * On the zone's own clock, with its offset: `2026-11-21T08:00:00+01:00`.
 */
local: string, };

/**
 * Something about a project that the user should know.
 */
export type Problem = { 
/**
 * How bad it is.
 */
severity: Severity, 
/**
 * The field, for example `functions.hello.lang`.
 */
field: string, 
/**
 * The line in the project file, if it is about one.
 */
line: number | null, 
/**
 * One sentence.
 */
message: string, };

/**
 * A project as it would be deployed.
 */
export type Project = { 
/**
 * Whose it is.
 */
kind: ProjectKind, 
/**
 * The file that describes it, absolute.
 */
file: string, 
/**
 * Its functions, in the order of the file; sequences after what they call.
 */
functions: Array<PlannedFunction>, 
/**
 * What is wrong with the project as a whole.
 */
problems: Array<Problem>, };

/**
 * Whose project file it is.
 */
export type ProjectKind = "openfaas" | "digital_ocean" | "fn";

/**
 * What became of a function of a project.
 */
export type ProjectOutcome = { 
/**
 * Its name in the project.
 */
name: string, 
/**
 * The function, when it was deployed.
 */
function: FunctionRef | null, 
/**
 * The version that it is at.
 */
version: string | null, 
/**
 * Whether that version is a new one.
 */
changed: boolean, 
/**
 * How many schedules were made or confirmed.
 */
schedules: number, 
/**
 * The secrets that the user has to set before it runs.
 */
missingSecrets: Array<string>, 
/**
 * What did not go as the project asks, though it was deployed.
 */
warnings: Array<string>, 
/**
 * Why it was not deployed.
 */
error: PanelError | null, };

/**
 * How far the deploy of a project is.
 */
export type ProjectStep = { "type": "packing", 
/**
 * The function.
 */
name: string, 
/**
 * Files that are packed.
 */
files: number, 
/**
 * All files.
 */
of: number, } | { "type": "done", 
/**
 * What became of it.
 */
outcome: ProjectOutcome, };

/**
 * Why something is delivered.
 */
export type Purpose = "callback" | "success" | "failure";

/**
 * The queue of one function.
 */
export type QueueState = { 
/**
 * Whose.
 */
function: FunctionKey, 
/**
 * Accepted runs that may begin as soon as there is room.
 */
waiting: number, 
/**
 * Accepted runs that wait for their next attempt.
 */
delayed: number, 
/**
 * Accepted runs in progress.
 */
running: number, 
/**
 * Runs that failed as often as they may.
 */
dead: number, 
/**
 * Since when its runs are held back; `None`: they are not.
 */
paused: number | null, 
/**
 * When the longest waiting run was asked for.
 */
oldest: number | null, 
/**
 * When the next attempt is due.
 */
nextAttempt: number | null, };

/**
 * How much a namespace may ask of OpenWhisk's API. Upstream's words for it are in `GET …/limits`.
 */
export type Quota = { 
/**
 * Calls of functions that may begin within a whole minute of the clock: 1 to 1,000,000.
 */
invocationsPerMinute: number, 
/**
 * Runs that may be in progress or wait at the same time: 1 to 1,000,000.
 */
concurrentInvocations: number, 
/**
 * Triggers that may be fired within a whole minute of the clock: 1 to 1,000,000.
 */
firesPerMinute: number, };

/**
 * How a function is at a system that builds and starts it before it is called.
 */
export type Readiness = { 
/**
 * Whether it can be called.
 */
state: ReadyState, 
/**
 * How many replicas there are to be.
 */
replicas: number, 
/**
 * How many of them are ready.
 */
availableReplicas: number, };

/**
 * Whether a function can be called.
 */
export type ReadyState = "pending" | "building" | "running" | "idle" | "failed" | "unknown";

/**
 * What a record is of.
 */
export type RecordOf = "function" | "sequence" | "composition" | "trigger" | "rule";

/**
 * A request's body.
 */
export type RequestBody = { "type": "text", 
/**
 * The text; empty is no body.
 */
text: string, } | { "type": "base64", 
/**
 * The bytes in base64.
 */
base64: string, };

/**
 * A request as a person writes it, or as a record kept it.
 */
export type RequestDraft = { 
/**
 * For example `POST`.
 */
method: string, 
/**
 * The path that the function sees, percent-encoded; empty is `/`.
 */
path: string, 
/**
 * The query without `?`; may be empty.
 */
query: string, 
/**
 * Names and values, in order. Those without a name are left out.
 */
headers: Array<[string, string]>, 
/**
 * The body.
 */
body: RequestBody, };

/**
 * A part of a response that is shown while the function writes it.
 */
export type ResponsePart = { "type": "called", 
/**
 * The run.
 */
id: ActivationId, } | { "type": "begun", 
/**
 * The run.
 */
id: ActivationId, 
/**
 * For example 200.
 */
status: number, 
/**
 * Its Content-Type.
 */
contentType: string | null, } | { "type": "piece", 
/**
 * The bytes, in base64. A character may be in two pieces.
 */
base64: string, 
/**
 * Since the call was made, ms.
 */
afterMs: number, } | { "type": "enough" };

/**
 * When an accepted run that failed is tried again. The defaults (no retries) are OpenWhisk's and OpenFaaS CE's.
 */
export type Retry = { 
/**
 * How often it is tried altogether, 1 to 100.
 */
attempts: number, 
/**
 * Status codes that are tried again; a run without one counts as 200 (success), 500 (failed) or 504 (timed out).
 */
codes: Array<number>, 
/**
 * Shortest wait before the next attempt, seconds. It doubles with each.
 */
minWaitS: number, 
/**
 * Longest wait, seconds.
 */
maxWaitS: number, 
/**
 * How the wait is spread.
 */
jitter: Jitter, };

/**
 * What a rule shall be. Whether it is active is `set_rule_active`'s to say: a new one is.
 */
export type RuleDraft = { 
/**
 * What happens: a trigger of the rule's namespace.
 */
trigger: EntityKey, 
/**
 * What is called then.
 */
action: FunctionKey, 
/**
 * All of its annotations; absent leaves them.
 */
annotations?: Array<NamedJson> | null, };

/**
 * When the trigger is fired, the function is called.
 */
export type RuleView = { 
/**
 * What happens.
 */
trigger: EntityKey, 
/**
 * What is called then.
 */
action: FunctionKey, 
/**
 * Whether it is.
 */
active: boolean, 
/**
 * The namespace that it belongs to.
 */
namespace: NamespaceName, 
/**
 * Its name there.
 */
name: EntityName, 
/**
 * Its version; a change adds one to the patch.
 */
version: string, 
/**
 * Whether other namespaces may use it; of a trigger and a rule OpenWhisk's flag, which has no effect.
 */
publish: boolean, 
/**
 * Its annotations; of a trigger `feed` among them.
 */
annotations: Array<NamedJson>, 
/**
 * When it was last changed.
 */
updated: number, };

/**
 * A kind as OpenWhisk writes it, `family:version`, for example `nodejs:20`, `python:3.11`, `shell:default`.
 */
export type Runtime = string;

/**
 * A runtime as found, or not found, on this machine.
 */
export type RuntimeStatus = { 
/**
 * The kind that functions of this language are stored with, for example `nodejs:20`. With nothing found,
 * `family:default`.
 */
kind: Runtime, 
/**
 * The language.
 */
language: Language, 
/**
 * For people: "Node.js", "Python", …, "Shell / executable".
 */
title: string, 
/**
 * The exact version found, for example `20.20.2`.
 */
version: string | null, 
/**
 * Where the interpreter is.
 */
path: string | null, 
/**
 * Whether functions of this kind can run here.
 */
available: boolean, 
/**
 * Why not, and how to install it, when it is not available.
 */
installHint: string | null, };

/**
 * What a saved request sends, and how.
 */
export type SavedCall = { 
/**
 * As typed: the window's form of a request, as JSON, where `http`; or else the input.
 */
text: string, 
/**
 * Whether the text is a request with method, path and headers.
 */
http: boolean, 
/**
 * Whether one waits for the result.
 */
mode: InvokeMode, 
/**
 * Who is called when an asynchronous run is over.
 */
callback: CallbackChoice, };

/**
 * A request to a function that a person keeps under a name, without what it sends.
 */
export type SavedRequest = { 
/**
 * 32 hex characters.
 */
id: string, 
/**
 * What it is called; each name once for a function, whatever the case of its letters.
 */
name: string, 
/**
 * What it sends, in a line: `POST /orders`, or the beginning of the input.
 */
preview: string, 
/**
 * When it was saved last.
 */
updated: number, };

/**
 * What load one worker of a function is for: workers are started ahead of need, and let go when the load is gone, so
 * that each has its share. The labels `com.openfaas.scale.*` say it (<https://docs.openfaas.com/architecture/autoscaling/>).
 *
 * Beside it a worker is started, as for every function, whenever a run finds none free.
 */
export type Scaling = { 
/**
 * How load is counted.
 */
by: ScalingLoad, 
/**
 * Load that one worker is for, in the unit of `by`, 1 to 1,000,000.
 */
target: number, 
/**
 * How much of the target a worker is to have before there is another, percent, 1 to 100.
 */
proportion: number, 
/**
 * Workers while it is called, where none is kept when it is not.
 */
least: number, 
/**
 * How long the load must have been smaller before workers are let go for it, seconds, 0 to 300.
 */
downWindowS: number, };

/**
 * How the load of a function is counted.
 */
export type ScalingLoad = "rps" | "capacity" | "cpu" | { "other": string };

/**
 * Something that calls a function at the times of a cron expression, always asynchronously.
 */
export type Schedule = { 
/**
 * 32 hex characters; the same over edits.
 */
id: string, 
/**
 * What a person calls it; need not be unique.
 */
name: string, 
/**
 * What it calls. The function may be gone: see `state`.
 */
function: FunctionKey, 
/**
 * Cron expressions, separated by `;`.
 */
expression: string, 
/**
 * The IANA time zone that the expression is read in, for example `Europe/Berlin`.
 */
zone: string, 
/**
 * What the function is called with: a JSON object, or for functions that speak HTTP the JSON body of a POST.
 */
arguments: JsonText, 
/**
 * What happens to times that passed while Beckon did not run or the machine slept.
 */
missed: MissedPolicy, 
/**
 * Whether it fires at all.
 */
enabled: boolean, 
/**
 * Whether it can fire.
 */
state: ScheduleState, 
/**
 * When it fires next; `None` while it does not, and where the expression has no more times.
 */
next: number | null, 
/**
 * The last time that it was due and fired.
 */
lastDue: number | null, 
/**
 * The last run that it started, by its time or by hand.
 */
lastRun: ActivationId | null, 
/**
 * When that was.
 */
lastRunAt: number | null, 
/**
 * Why the last firing did not become a run; `None` once one did.
 */
lastError: Noted | null, 
/**
 * Runs that it started, ever.
 */
runs: number, 
/**
 * When it was made.
 */
created: number, 
/**
 * When it was last edited.
 */
updated: number, 
/**
 * Every time up to this one was dealt with. Never goes back, except when the machine's clock did.
 */
handledUntil: number, };

/**
 * What an expression means.
 */
export type SchedulePreview = { 
/**
 * In words, for example `At 08:00, on Monday.`
 */
words: string, 
/**
 * The zone's name, as it is stored.
 */
zone: string, 
/**
 * The next times.
 */
times: Array<PreviewedTime>, };

/**
 * Whether a schedule can fire.
 */
export type ScheduleState = "active" | "disabled" | "orphaned" | "over";

/**
 * What a trigger at the provider shall be.
 */
export type ScheduledTriggerDraft = { 
/**
 * `[package/]name` of a function of the namespace. That of a trigger that is there stays what it is.
 */
function: string, 
/**
 * Whether it fires.
 */
enabled: boolean, 
/**
 * When, as a cron expression in UTC.
 */
cron: string, 
/**
 * What the function is called with: a JSON object; empty is `{}`.
 */
body: string, };

/**
 * A trigger at the provider that calls a function by the clock.
 */
export type ScheduledTriggerView = { 
/**
 * Its name.
 */
name: string, 
/**
 * `[package/]name` of the function.
 */
function: string, 
/**
 * Whether it fires.
 */
enabled: boolean, 
/**
 * When, as a cron expression in UTC.
 */
cron: string, 
/**
 * What the function is called with, JSON; empty for nothing.
 */
body: string, 
/**
 * When it fired last.
 */
lastRun: number | null, 
/**
 * When it fires next.
 */
nextRun: number | null, };

/**
 * Where secrets are kept, and what is missing for it.
 */
export type SecretStoreState = { "state": "keychain" } | { "state": "file_unlocked" } | { "state": "file_locked" } | { "state": "unavailable", 
/**
 * Why the keychain cannot be used, in one sentence.
 */
reason: string, };

/**
 * What the user may set.
 */
export type Settings = { 
/**
 * How long a blocking caller waits before its run becomes asynchronous: 1,000 to 900,000 ms.
 */
blockingLimitMs: number, 
/**
 * How long records are kept: 72 to 8,760 hours.
 */
retentionHours: number, 
/**
 * The gateway's port from the next start on.
 */
gatewayPort: number, 
/**
 * How much memory all workers of the engine together may take: 128 to 1,048,576 MB. Without it half of the
 * machine's; what that is, is in the engine's status (`memoryCap`).
 */
engineMemoryMb?: number | null, 
/**
 * The largest request at the door of Spaces and the largest answer of its functions, from the next start on:
 * 1 to 100 MB of 1,048,576 bytes.
 */
spacesBodyMb: number, 
/**
 * How much each namespace may ask of the OpenWhisk API here, as providers limit it; without it, no limit.
 */
quota?: Quota | null, 
/**
 * After how many seconds the end of a run that the user asked for is worth a notification: 1 to 86,400; without it,
 * none is shown.
 */
notifyAfterS?: number | null, };

/**
 * How bad a problem is.
 */
export type Severity = "note" | "warning" | "error";

/**
 * A credential that the user asked to see.
 */
export type ShownToken = { 
/**
 * Which token it is.
 */
name: string, 
/**
 * The credential.
 */
credential: string, };

/**
 * Where a message broker is, and who logs in to it.
 */
export type SpaceBroker = { 
/**
 * A name or an address. On Beckon's own gateway `mqtts://` or `amqps://` before it asks for TLS.
 */
host: string, 
/**
 * `None`: the broker's usual one.
 */
port: number | null, 
/**
 * `None`: nobody logs in.
 */
username: string | null, };

/**
 * Something that calls functions of a space beside their callers: those with a schedule in their [`FunctionOptions`] by
 * the clock, or those with a topic in them for each message of a broker. (Spaces' guide, "Triggers".)
 */
export type SpaceTrigger = { 
/**
 * Its id, as its server made it.
 */
id: string, 
/**
 * What people are told of it; may be empty.
 */
description: string, 
/**
 * What it listens to.
 */
source: SpaceTriggerSource, 
/**
 * What it is doing.
 */
status: SpaceTriggerStatus, 
/**
 * Why it is `Failed`, where its server says so.
 */
errorMessage: string | null, 
/**
 * Who is told how each call ended.
 */
callbackUrl: string | null, };

/**
 * What a space's trigger listens to.
 */
export type SpaceTriggerSource = { "type": "cron" } | { "type": "mqtt", 
/**
 * Where it is.
 */
broker: SpaceBroker, 
/**
 * Topic filters, with `+` and `#` as MQTT has them. At least one.
 */
topics: Array<string>, 
/**
 * 0, 1 or 2; `None` leaves it to the server.
 */
qos: number | null, } | { "type": "rabbitmq", 
/**
 * Where it is.
 */
broker: SpaceBroker, 
/**
 * The exchange that the queue is bound to; without one it is taken as it is.
 */
exchange: string | null, 
/**
 * The queue. Without one: a queue of its own that is bound to the exchange.
 */
queue: string | null, 
/**
 * Routing keys, with `*` and `#` as topic exchanges have them, that it is bound with.
 */
topics: Array<string>, } | { "type": "other", 
/**
 * Its type, in its server's word.
 */
name: string, };

/**
 * What a space's trigger is doing.
 */
export type SpaceTriggerStatus = "pending" | "running" | "failed" | "unknown";

/**
 * Where a run is, or how it ended. One closed set for every system.
 */
export type Status = "queued" | "running" | "polling" | "success" | "application_error" | "developer_error" | "internal_error" | "timed_out" | "cancelled" | "lost";

/**
 * Which messages of a server a trigger takes, in the words of its broker.
 */
export type Subscription = { "broker": "nats", 
/**
 * The subject, with `*` and `>` as NATS has them.
 */
subject: string, 
/**
 * The queue group: its members share the messages.
 */
queueGroup: string | null, } | { "broker": "mqtt", 
/**
 * Topic filters, with `+` and `#` as MQTT has them. At least one.
 */
topics: Array<string>, 
/**
 * 0, 1 or 2. Above 0 the server keeps what comes while nobody listens, until the trigger is deleted.
 */
qos: number, } | { "broker": "rabbitmq", 
/**
 * The queue; made (durable) when there is none, and never deleted: others may use it. Without one: a queue of
 * its own, for as long as it listens.
 */
queue: string | null, 
/**
 * The exchange that the queue is bound to; without one it is taken as it is.
 */
exchange: string | null, 
/**
 * Routing keys, with `*` and `#` as topic exchanges have them, that it is bound with. None: `#`.
 */
topics: Array<string>, };

/**
 * What a new function starts from.
 */
export type Template = { 
/**
 * For example `node-hello`.
 */
id: string, 
/**
 * For people.
 */
title: string, 
/**
 * What it shows, in one sentence.
 */
description: string, 
/**
 * The kind it runs on.
 */
kind: Runtime, 
/**
 * The language.
 */
language: Language, 
/**
 * How its handler is called.
 */
contract: Contract, 
/**
 * Whether that runtime is on this machine.
 */
available: boolean, 
/**
 * The source.
 */
code: string, 
/**
 * An input to try it with.
 */
input: string, };

/**
 * One term of a filter text, for highlighting, and what is wrong with it.
 */
export type Term = { 
/**
 * Where it starts, in UTF-16 code units (what a browser counts).
 */
start: number, 
/**
 * Where it ends.
 */
end: number, 
/**
 * The key before the colon, if there is one.
 */
key: string | null, 
/**
 * The value without quotes.
 */
value: string, 
/**
 * Why it is ignored.
 */
problem: string | null, };

/**
 * Where the command line's calls go unless they say otherwise: what `beckon connect` chose.
 */
export type TerminalTarget = { 
/**
 * The connection's id.
 */
connection: string, 
/**
 * One of its namespaces.
 */
namespace: NamespaceName, };

/**
 * Where the time of a run went, in milliseconds. Absent where not known (remote) or not applicable.
 */
export type Timing = { 
/**
 * From the request's arrival to the hand-over to a worker.
 */
waitMs: number | null, 
/**
 * Starting and initialising the worker; only on a cold start.
 */
initMs: number | null, 
/**
 * In the function's code.
 */
runMs: number | null, 
/**
 * Between Beckon and a remote system: the round trip less what the record accounts for.
 */
networkMs: number | null, };

/**
 * A credential of the local engine, without its secret.
 */
export type Token = { 
/**
 * The public half: the Basic user of an OpenWhisk key (a UUID) or of an access key (`dof_v1_…`). An account's token
 * and a password have none; their id is the beginning of their hash.
 */
id: string, 
/**
 * What a person called it.
 */
name: string, 
/**
 * Its form.
 */
kind: TokenKind, 
/**
 * What it reaches.
 */
scope: TokenScope, 
/**
 * The last four characters of the secret.
 */
hint: string, 
/**
 * When it was made.
 */
created: number, 
/**
 * When it was renamed last, or made.
 */
updated: number, 
/**
 * When it ends; `None` is never.
 */
expires: number | null, 
/**
 * The last time the gateway accepted it (to the minute).
 */
lastUsed: number | null, 
/**
 * When it was revoked.
 */
revoked: number | null, 
/**
 * Whether the secret is kept in this machine's secret store, so that *Show token* and *Copy curl* can use it.
 */
kept: boolean, };

/**
 * A token to make.
 */
export type TokenDraft = { 
/**
 * What to call it.
 */
name: string, 
/**
 * Its form.
 */
kind: TokenKind, 
/**
 * What it reaches.
 */
scope: TokenScope, 
/**
 * Seconds until it ends; `None` is never.
 */
expiresInSeconds: number | null, };

/**
 * The form of a credential: each system's clients expect their own.
 */
export type TokenKind = "openwhisk" | "digitalocean_key" | "digitalocean" | "openfaas" | "spaces";

/**
 * What a token reaches.
 */
export type TokenScope = { "type": "namespace", 
/**
 * The namespace.
 */
namespace: NamespaceName, } | { "type": "function", 
/**
 * Its namespace.
 */
namespace: NamespaceName, 
/**
 * Its name.
 */
name: FunctionName, } | { "type": "account" };

/**
 * Something that calls a function for each message of a broker: NATS, MQTT or RabbitMQ.
 *
 * The body is the event: arguments for functions that take JSON (`{"message": …}` when it is not an object), the
 * body of a POST for those that speak HTTP, with the message's headers and `X-Topic`. A call that ends with a status
 * of 300 or more is made at most three times; at most 10 calls of a trigger are under way (Scaleway's rules). A broker
 * that waits for an acknowledgement gets it once the first call is on disk.
 */
export type Trigger = { 
/**
 * 32 hex characters; the same over edits.
 */
id: string, 
/**
 * What a person calls it; need not be unique.
 */
name: string, 
/**
 * What it calls. The function may be gone: see `state`.
 */
function: FunctionKey, 
/**
 * The server, without credentials: `nats://host:port` or `tls://host:port`; `mqtt://` or `mqtts://`; `amqp://` or
 * `amqps://`, with the virtual host after the port where that is not `/`.
 */
server: string, 
/**
 * Which of the server's messages.
 */
subscription: Subscription, 
/**
 * What kind of credential it logs in with; the credential itself is in the secret store.
 */
credential: CredentialKind, 
/**
 * Whether a person paused it.
 */
paused: boolean, 
/**
 * What it is doing.
 */
state: TriggerState, 
/**
 * What it did since Beckon started.
 */
counts: TriggerCounts, 
/**
 * The last thing that went wrong, also long after.
 */
lastError: Noted | null, 
/**
 * When it was made.
 */
created: number, 
/**
 * When it was last edited, paused or resumed.
 */
updated: number, };

/**
 * What a trigger did.
 */
export type TriggerCounts = { 
/**
 * Messages taken.
 */
received: number, 
/**
 * Messages whose call ended with a status below 300.
 */
succeeded: number, 
/**
 * Messages given up after their last try.
 */
failed: number, 
/**
 * Calls beyond a message's first.
 */
retried: number, 
/**
 * Messages that the client had to throw away because too many waited.
 */
dropped: number, 
/**
 * Messages being handled now.
 */
inFlight: number, 
/**
 * When the last one was taken.
 */
lastMessage: number | null, };

/**
 * What a trigger is doing.
 */
export type TriggerState = { "state": "paused" } | { "state": "orphaned" } | { "state": "idle" } | { "state": "connecting" } | { "state": "running", 
/**
 * Since when.
 */
since: number, } | { "state": "reconnecting", 
/**
 * Why.
 */
message: string, 
/**
 * When it is tried again.
 */
retry_at: number, 
/**
 * How often in a row it was tried in vain.
 */
attempts: number, } | { "state": "failed", 
/**
 * Why.
 */
message: string, 
/**
 * When it is tried again.
 */
retry_at: number, };

/**
 * `major.minor.patch`. The first version is 0.0.1 and each save adds one to the patch, as OpenWhisk does.
 */
export type Version = string;

/**
 * What OpenFaaS' watchdogs read from their environment, those before its templates included
 * ([`Function::watchdog`](crate::Function::watchdog)).
 */
export type Watchdog = { 
/**
 * `fprocess`: the command, split at single spaces. `None`: the package's own executable.
 */
process: string | null, 
/**
 * `exec_timeout`, ms; 0 or `None`: the function's own limit alone.
 */
execTimeoutMs: number | null, 
/**
 * `read_timeout`, ms: how long the request may take to arrive. Default 30,000.
 */
readTimeoutMs: number | null, 
/**
 * `write_timeout`, ms: how long until the answer must have been sent, or the caller is hung up on; 0 or `None`: the
 * other limits alone.
 */
writeTimeoutMs: number | null, 
/**
 * `max_inflight`: runs at a time beyond which callers get 429; 0: no limit.
 */
maxInflight: number, 
/**
 * `upstream_url`'s port that the process listens on; `None`: Beckon chooses one and says so in `PORT` and
 * `http_port`.
 */
port: number | null, 
/**
 * `content_type` that answers have unless the function says otherwise.
 */
contentType: string | null, 
/**
 * `combine_output`: whether standard error is part of the classic watchdog's answer. Default true.
 */
combineOutput: boolean | null, };

/**
 * How a function is reachable without a credential.
 */
export type WebExport = "private" | "web" | "raw";

/**
 * The life of a worker.
 */
export type WorkerState = "spawning" | "ready" | "busy" | "draining";

/**
 * One worker process.
 */
export type WorkerStatus = { 
/**
 * The engine's own number for it, never given again while it runs. [`Engine::stop_worker`] takes it.
 */
number: number, 
/**
 * The operating system's process id.
 */
pid: number, 
/**
 * The function it is warm for.
 */
function: FunctionKey, 
/**
 * The function's version in it.
 */
version: string, 
/**
 * `spawning`, `ready`, `busy`, `draining`.
 */
state: WorkerState, 
/**
 * When it was started; a stem cell, when it became the function's.
 */
started: number, 
/**
 * Runs it has finished.
 */
runs: number, 
/**
 * Bytes in memory, descendants included, when it was last measured: every 50 ms while something runs.
 */
memory: number, 
/**
 * Whether it began as a stem cell: its interpreter was up before there was a run for it.
 */
stem: boolean, };

/**
 * One file of a zip.
 */
export type ZipEntry = { 
/**
 * Its path in the zip.
 */
path: string, 
/**
 * Its unpacked size in bytes.
 */
size: number, };

/** Every command of the panel, over whichever transport this page was opened with. */
export function createApi(transport: Transport) {
  return {
    /**
     * What the window needs before it can show anything.
     */
    overview: (signal?: AbortSignal) =>
      transport.call<Overview>("overview", {}, signal),
    /**
     * Everything that changes, as it changes, until the caller goes away.
     */
    events: (onItem: (item: PanelEvent) => void, signal?: AbortSignal) =>
      transport.stream<PanelEvent, void>("events", {}, onItem, signal),
    /**
     * Workers, queue and counts of the local engine.
     */
    engineStatus: (signal?: AbortSignal) =>
      transport.call<EngineStatus>("engine_status", {}, signal),
    /**
     * Stops a worker by its number: it takes no more runs and ends with the last one that it has; with `now` at once, and
     * the runs in it end as crashed. `false`: it was gone already. The event `engine` says when it is.
     */
    stopWorker: (args: { number: number; now: boolean }, signal?: AbortSignal) =>
      transport.call<boolean>("stop_worker", args, signal),
    /**
     * The runtimes of this machine, found or not.
     */
    runtimes: (signal?: AbortSignal) =>
      transport.call<Array<RuntimeStatus>>("runtimes", {}, signal),
    /**
     * The local connection first, then the remote ones.
     */
    connections: (signal?: AbortSignal) =>
      transport.call<Array<Connection>>("connections", {}, signal),
    /**
     * Tries a connection without keeping it: reachable, authorised, latency. With `id`, an absent key is the stored one.
     */
    testConnection: (args: { draft: ConnectionDraft; id?: string | null }, signal?: AbortSignal) =>
      transport.call<ConnectionTest>("test_connection", args, signal),
    /**
     * Tests and keeps a connection; its key goes to the secret store.
     */
    addConnection: (args: { draft: ConnectionDraft }, signal?: AbortSignal) =>
      transport.call<Connection>("add_connection", args, signal),
    /**
     * Tests and changes a connection.
     */
    editConnection: (args: { id: string; draft: ConnectionDraft }, signal?: AbortSignal) =>
      transport.call<Connection>("edit_connection", args, signal),
    /**
     * Removes a connection and its key. Its records stay until their retention ends.
     *
     * A key that Beckon made is deleted at the provider, too, unless `revoke_key` says no: with the token of its
     * account, where that is kept. When the provider refuses, or cannot be reached, the connection stays.
     */
    removeConnection: (args: { id: string; revokeKey?: boolean | null }, signal?: AbortSignal) =>
      transport.call<void>("remove_connection", args, signal),
    /**
     * Tries a kept connection now and answers with its new state.
     */
    checkConnection: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<Connection>("check_connection", args, signal),
    /**
     * Reads the provider's newest activations into the journal now; answers how many were new.
     */
    syncConnection: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<number>("sync_connection", args, signal),
    /**
     * The accounts that connections were made from, oldest first. Tokens are never shown.
     */
    accounts: (signal?: AbortSignal) =>
      transport.call<Array<Account>>("accounts", {}, signal),
    /**
     * What there is in an account, for a choice; nothing is kept, at the provider or here. `base_url` is
     * DigitalOcean's where it is not said; another Beckon's gateway will do.
     *
     * `InvalidInput` for a text that is no account's token, `Unauthorized` for one that is not known.
     */
    lookAtAccount: (args: { token: string; baseUrl?: string | null }, signal?: AbortSignal) =>
      transport.call<AccountLook>("look_at_account", args, signal),
    /**
     * Keeps an account, and makes a connection for each of these namespaces, with an access key of its own that lives for
     * 30 days. Without namespaces the account alone is kept: some can be made in it, or connected, later.
     *
     * With `keep_token` (unsaid: yes) the token goes to the secret store, and the keys are renewed a day before they
     * end, as long as Beckon runs then or later; without it each connection's `keyExpires` is its end. An account that
     * is known, by its owner or by a namespace of it that is connected, gets this token from now on.
     *
     * A namespace that is connected keeps its connection, which gets a new key; `environment` is for new ones. So do
     * connections with a pasted key that the provider refuses, whether their namespaces are named or not; pasted keys
     * that work stay unless their namespace is named.
     *
     * The answer says of each namespace what came of it, and one that fails keeps no other from being connected. Errors
     * of the call itself (the token is wrong, there is no secret store) come before anything was done. `InvalidInput`
     * with neither a namespace nor a token to keep.
     */
    addAccount: (args: { token: string; baseUrl?: string | null; keepToken?: boolean | null; namespaces: Array<NamespaceName>; environment: Environment }, signal?: AbortSignal) =>
      transport.call<AddedAccount>("add_account", args, signal),
    /**
     * Puts another token in place of an account's, and keeps it: when the one before was revoked, is about to end, or was
     * not kept. Connections, their records and keys stay, and keys that could not be renewed are renewed again.
     *
     * `Conflict` when the token does not see a namespace of the account that is connected here, or is another owner's;
     * `Unauthorized` when it is not known. Then all stays as it was.
     */
    replaceAccountToken: (args: { account: string; token: string }, signal?: AbortSignal) =>
      transport.call<Account>("replace_account_token", args, signal),
    /**
     * The namespaces of a known account, and which of them are connected. `NotSupported` when its token is not kept.
     */
    accountNamespaces: (args: { account: string }, signal?: AbortSignal) =>
      transport.call<Array<AccountNamespaceView>>("account_namespaces", args, signal),
    /**
     * Connects namespaces of a known account, and says of each what came of it; see `add_account`.
     */
    connectNamespaces: (args: { account: string; namespaces: Array<NamespaceName>; environment: Environment }, signal?: AbortSignal) =>
      transport.call<Array<NamespaceOutcome>>("connect_namespaces", args, signal),
    /**
     * Forgets an account and its token.
     *
     * With `revoke_keys` the keys that Beckon made with it are deleted at the provider, and the connections that used
     * them go, too; their records stay. Without it the connections stay until their keys end. When a key cannot be
     * revoked the account stays, with the connections that are left.
     */
    removeAccount: (args: { id: string; revokeKeys: boolean }, signal?: AbortSignal) =>
      transport.call<void>("remove_account", args, signal),
    /**
     * Makes a namespace in a known account, and connects it. `region` is `lon1` or another of the provider's.
     *
     * When it was made and could not be connected, the error says so, and the same call again goes on with that
     * namespace: it does not make a second one.
     */
    createAccountNamespace: (args: { account: string; label: string; region: string; environment: Environment }, signal?: AbortSignal) =>
      transport.call<Connection>("create_account_namespace", args, signal),
    /**
     * Deletes a namespace of a known account at the provider, with all that is in it, and its connection here; its
     * records stay. `confirmation` must be the namespace's name, typed by the user.
     */
    deleteAccountNamespace: (args: { account: string; namespace: NamespaceName; confirmation: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_account_namespace", args, signal),
    /**
     * All access keys of a connection's namespace, newest first, whoever made them.
     *
     * `NotSupported`, with the reason, for a connection that was not made from an account whose token is kept; so for
     * the commands below.
     */
    accessKeys: (args: { connection: string }, signal?: AbortSignal) =>
      transport.call<Array<AccessKeyView>>("access_keys", args, signal),
    /**
     * Makes an access key for somebody else: a script, a colleague. Its secret is in the answer, once.
     * `expires_in_hours` is one at least; unsaid, the key never ends. `Conflict` when the name is taken.
     */
    createAccessKey: (args: { connection: string; name: string; expiresInHours?: number | null }, signal?: AbortSignal) =>
      transport.call<NewAccessKeyView>("create_access_key", args, signal),
    /**
     * Deletes an access key at the provider: from then on it opens nothing. `Conflict` for the one that this connection
     * uses: renew it, or remove the connection.
     */
    revokeAccessKey: (args: { connection: string; id: string }, signal?: AbortSignal) =>
      transport.call<void>("revoke_access_key", args, signal),
    /**
     * Gives a connection a new access key now, and deletes the one before at the provider.
     */
    renewAccessKey: (args: { connection: string }, signal?: AbortSignal) =>
      transport.call<Connection>("renew_access_key", args, signal),
    /**
     * The triggers that call functions of a connection's namespace by the clock, by name. Like `access_keys`, these
     * commands need an account whose token is kept.
     */
    scheduledTriggers: (args: { connection: string }, signal?: AbortSignal) =>
      transport.call<Array<ScheduledTriggerView>>("scheduled_triggers", args, signal),
    /**
     * Makes a scheduled trigger (`Conflict` when the name is taken), or with `replace` changes the one that is there.
     */
    putScheduledTrigger: (args: { connection: string; name: string; draft: ScheduledTriggerDraft; replace: boolean }, signal?: AbortSignal) =>
      transport.call<ScheduledTriggerView>("put_scheduled_trigger", args, signal),
    /**
     * Lets a scheduled trigger fire, or not any more.
     */
    enableScheduledTrigger: (args: { connection: string; name: string; enabled: boolean }, signal?: AbortSignal) =>
      transport.call<ScheduledTriggerView>("enable_scheduled_trigger", args, signal),
    /**
     * Deletes a scheduled trigger.
     */
    deleteScheduledTrigger: (args: { connection: string; name: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_scheduled_trigger", args, signal),
    /**
     * Credentials of `wsk`, `doctl`, `nim` and `faas-cli` on this machine: of the user whom Beckon runs for. Their files are read
     * now, and nothing is kept or sent. One that cannot be taken over has a `problem`.
     */
    foundCredentials: (signal?: AbortSignal) =>
      transport.call<Array<FoundCredential>>("found_credentials", {}, signal),
    /**
     * Takes over what the user chose: a key becomes a connection that was tried, the token of an account an account
     * whose namespaces are to be chosen next (`account_namespaces`, `connect_namespaces`). The tools' own files stay as
     * they are. When one fails, those before it stay.
     *
     * `NotFound` for an id whose entry is not there any more, `InvalidInput` for one with a problem.
     */
    importFound: (args: { ids: Array<string>; environment: Environment }, signal?: AbortSignal) =>
      transport.call<Imported>("import_found", args, signal),
    /**
     * The namespaces of a connection.
     */
    namespaces: (args: { connection: string }, signal?: AbortSignal) =>
      transport.call<Array<Namespace>>("namespaces", args, signal),
    /**
     * Makes a namespace, on the local engine unless `connection` says where (`capabilities.namespaces`). A provider
     * gives no labels; one that lets nobody make namespaces is `NotSupported`.
     */
    createNamespace: (args: { name: NamespaceName; label: string; connection?: string | null }, signal?: AbortSignal) =>
      transport.call<Namespace>("create_namespace", args, signal),
    /**
     * Changes the label of a local namespace; its name is part of URLs and stays.
     */
    renameNamespace: (args: { name: NamespaceName; label: string }, signal?: AbortSignal) =>
      transport.call<Namespace>("rename_namespace", args, signal),
    /**
     * Deletes a namespace with its functions and (here) tokens; on the local engine unless `connection` says where.
     * `confirmation` must be its name, typed by the user.
     */
    deleteNamespace: (args: { name: NamespaceName; confirmation: string; connection?: string | null }, signal?: AbortSignal) =>
      transport.call<void>("delete_namespace", args, signal),
    /**
     * The functions of a connection, or of one of its namespaces.
     */
    functions: (args: { connection: string; namespace?: NamespaceName | null }, signal?: AbortSignal) =>
      transport.call<Array<FunctionSummary>>("functions", args, signal),
    /**
     * One function with everything that its page shows.
     */
    function: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("function", args, signal),
    /**
     * What new functions can start from.
     */
    templates: (signal?: AbortSignal) =>
      transport.call<Array<Template>>("templates", {}, signal),
    /**
     * The handler contracts that functions can follow here, in the order that they are offered.
     */
    handlers: (signal?: AbortSignal) =>
      transport.call<Array<Handler>>("handlers", {}, signal),
    /**
     * Makes a function with default settings, here or at a provider, and the package that it is named in if there is none.
     *
     * `Conflict` when the name is taken; `contract` is OpenWhisk's when absent, and `InvalidInput` where code in that
     * language cannot follow it. A provider knows no other than its own (`NotSupported`), and may have other kinds than this
     * machine.
     */
    createFunction: (args: { function: FunctionRef; kind: Runtime; code: CodeInput; contract?: Contract | null }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("create_function", args, signal),
    /**
     * Saves new code as the next version. `Conflict` when the function is no longer at `expected_version`.
     */
    saveCode: (args: { function: FunctionRef; code: CodeInput; expectedVersion: Version }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("save_code", args, signal),
    /**
     * Saves settings as the next version. `Conflict` when the function is no longer at `expected_version`.
     *
     * Of a provider's function `edits` says what can be changed: anything else must be as `function` told it
     * (`NotSupported` else), and `env` holds only variables that are new or get another value.
     */
    configureFunction: (args: { function: FunctionRef; settings: FunctionSettings; expectedVersion: Version }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("configure_function", args, signal),
    /**
     * Keeps the value of a secret environment variable in the secret store, and makes a new version. A provider's
     * function has all of its environment variables at the provider: there it is set, and nothing is kept here.
     */
    setFunctionSecret: (args: { function: FunctionRef; name: string; value: string }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("set_function_secret", args, signal),
    /**
     * Removes a secret environment variable, and makes a new version; at a provider, any environment variable.
     */
    removeFunctionSecret: (args: { function: FunctionRef; name: string }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("remove_function_secret", args, signal),
    /**
     * Deletes a function, here or at its provider. `confirmation` must be its name, typed by the user.
     */
    deleteFunction: (args: { function: FunctionRef; confirmation: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_function", args, signal),
    /**
     * Deploys an image as a function of a connection whose functions are images (`capabilities.deployments`): a new one,
     * or else in place of the one that is there, all of which is replaced by what `deployment` says.
     *
     * `Conflict` when a new one's name is taken, `NotFound` when there is none to replace, `InvalidInput` with the
     * server's own words for what it does not take.
     */
    deployFunction: (args: { function: FunctionRef; deployment: Deployment; new: boolean }, signal?: AbortSignal) =>
      transport.call<FunctionDetail>("deploy_function", args, signal),
    /**
     * Has this many replicas of a provider's function be there, 0 to 1,000. Servers keep to limits of their own, those
     * of the function's labels among them: what came of it, `function` says after a while.
     */
    scaleFunction: (args: { function: FunctionRef; replicas: number }, signal?: AbortSignal) =>
      transport.call<void>("scale_function", args, signal),
    /**
     * What a provider's function wrote, apart from any run, oldest first. With `follow` it goes on until the caller goes
     * away: a log that the server ends is asked for again.
     */
    functionLogs: (args: { function: FunctionRef; ask: FunctionLogAsk }, onItem: (item: FunctionLogLine) => void, signal?: AbortSignal) =>
      transport.stream<FunctionLogLine, void>("function_logs", args, onItem, signal),
    /**
     * The labels and annotations of a connection's namespace (`capabilities.namespaceMetadata`). `NotSupported` where the
     * server manages no namespaces.
     */
    namespaceMetadata: (args: { connection: string; namespace: NamespaceName }, signal?: AbortSignal) =>
      transport.call<NamespaceMetadata>("namespace_metadata", args, signal),
    /**
     * Gives a connection's namespace other labels and annotations, in place of all that it has. `openfaas=1` stays among
     * them: by it the gateway knows the namespace for its own.
     */
    putNamespaceMetadata: (args: { connection: string; namespace: NamespaceName; metadata: NamespaceMetadata }, signal?: AbortSignal) =>
      transport.call<void>("put_namespace_metadata", args, signal),
    /**
     * The names of the secrets of a connection's namespace (`capabilities.secrets`), by name. Their values never come
     * back.
     */
    namespaceSecrets: (args: { connection: string; namespace: NamespaceName }, signal?: AbortSignal) =>
      transport.call<Array<string>>("namespace_secrets", args, signal),
    /**
     * Makes a secret of a connection's namespace (`Conflict` when there is one of this name), or with `replace` gives it
     * another value (`NotFound` when there is none). Nothing of it is kept here.
     */
    putNamespaceSecret: (args: { connection: string; namespace: NamespaceName; name: string; value: string; replace: boolean }, signal?: AbortSignal) =>
      transport.call<void>("put_namespace_secret", args, signal),
    /**
     * Deletes a secret of a connection's namespace. `confirmation` must be its name, typed by the user.
     */
    deleteNamespaceSecret: (args: { connection: string; namespace: NamespaceName; name: string; confirmation: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_namespace_secret", args, signal),
    /**
     * The code of a function, here or at its provider, to be kept as a file. May be 48 MB. `NotSupported` for a sequence
     * and a container image, which have none. What is in a provider's zip is known from then on: `function` lists it.
     */
    functionCode: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<FunctionCode>("function_code", args, signal),
    /**
     * The kinds of functions that a connection's system runs, by family: of the local engine those whose runtime is on
     * this machine. What a provider says is kept for as long as Beckon runs, or until `refresh` asks again.
     *
     * `NotSupported` for a provider that does not say; it may take any kind then.
     */
    kinds: (args: { connection: string; refresh?: boolean | null }, signal?: AbortSignal) =>
      transport.call<Array<FunctionKind>>("kinds", args, signal),
    /**
     * The packages, triggers and rules of a namespace. `connection` is "local" or the id of a remote one, here and in
     * the other commands about them.
     *
     * Refresh on the event `functions`: it comes with every change of them, by whatever client of the local engine,
     * and with those that are made here at a provider. What others change at a provider is only seen by asking again.
     */
    entities: (args: { connection: string; namespace: NamespaceName }, signal?: AbortSignal) =>
      transport.call<Entities>("entities", args, signal),
    /**
     * Makes a package or a binding; with `replace`, changes the one that is there.
     *
     * `Conflict` when the name is taken (by a package without `replace`, or by anything else: packages, triggers, rules
     * and functions outside of packages share one set of names). `InvalidInput` for a binding to what is not there, or
     * to a binding. The system package `/whisk.system/utils` can be bound.
     */
    putPackage: (args: { connection: string; namespace: NamespaceName; name: EntityName; draft: PackageDraft; replace: boolean }, signal?: AbortSignal) =>
      transport.call<PackageView>("put_package", args, signal),
    /**
     * Makes a trigger; with `replace`, changes the one that is there. `Conflict` as for `put_package`.
     */
    putEventTrigger: (args: { connection: string; namespace: NamespaceName; name: EntityName; draft: EventTriggerDraft; replace: boolean }, signal?: AbortSignal) =>
      transport.call<EventTriggerView>("put_event_trigger", args, signal),
    /**
     * Makes a rule, which is active; with `replace`, changes the one that is there, which stays as active as it was.
     *
     * `Conflict` as for `put_package`; `InvalidInput` when its trigger or its function is not there.
     */
    putRule: (args: { connection: string; namespace: NamespaceName; name: EntityName; draft: RuleDraft; replace: boolean }, signal?: AbortSignal) =>
      transport.call<RuleView>("put_rule", args, signal),
    /**
     * Activates or deactivates a rule. `NotFound` when there is none.
     */
    setRuleActive: (args: { connection: string; namespace: NamespaceName; name: EntityName; active: boolean }, signal?: AbortSignal) =>
      transport.call<void>("set_rule_active", args, signal),
    /**
     * Deletes a package, a trigger or a rule. A package that holds functions is refused (`Conflict`, its text says how
     * many) unless `force` is set, which deletes them as well. The rules of a trigger stay, and do nothing.
     */
    deleteEntity: (args: { connection: string; namespace: NamespaceName; collection: Collection; name: EntityName; force: boolean }, signal?: AbortSignal) =>
      transport.call<void>("delete_entity", args, signal),
    /**
     * Fires a trigger: every function that an active rule joins to it is called, asynchronously. `input` is the text of a
     * JSON object; empty is `{}`.
     */
    fireTrigger: (args: { connection: string; namespace: NamespaceName; name: EntityName; input: string }, signal?: AbortSignal) =>
      transport.call<Fired>("fire_trigger", args, signal),
    /**
     * The last attempts to build a local function, newest first, 20 at most: what its versions were made with, and
     * what failed. One under way is among them.
     */
    builds: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<Array<BuildRecord>>("builds", args, signal),
    /**
     * The build of a version with its whole log; without a version the last attempt, whether under way, ready or
     * failed. Works for a function that was never saved because its first build failed. `NotFound` when nothing is
     * known of it.
     */
    buildLog: (args: { function: FunctionRef; version?: string | null }, signal?: AbortSignal) =>
      transport.call<BuildLog>("build_log", args, signal),
    /**
     * Follows the builds of a function until the caller goes away: the one under way from its first line, then those
     * that come. Call it before saving, and show what it sends while the save takes its time. The state of each
     * build's last progress is not `building`.
     */
    watchBuilds: (args: { function: FunctionRef }, onItem: (item: BuildProgress) => void, signal?: AbortSignal) =>
      transport.stream<BuildProgress, void>("watch_builds", args, onItem, signal),
    /**
     * Stops the builds of a function that are under way: the save that waits for one gets `cancelled`, and nothing is
     * changed. `false`: there were none.
     */
    cancelBuild: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<boolean>("cancel_build", args, signal),
    /**
     * Looks for the runtimes of this machine again: for one that was installed since Beckon started.
     */
    rescanRuntimes: (signal?: AbortSignal) =>
      transport.call<Array<RuntimeStatus>>("rescan_runtimes", {}, signal),
    /**
     * What images' names stand for on this machine, by name.
     */
    images: (signal?: AbortSignal) =>
      transport.call<Array<Image>>("images", {}, signal),
    /**
     * Has an image's name, as clients of OpenFaaS deploy it, stand for a folder with code (`folder`, absolute), or with
     * no folder for the process that each deployment names. What it stood for is replaced; functions that are deployed
     * already stay what they are until their next deployment. A name without a tag stands for all of its tags.
     *
     * `InvalidInput` for a name that no image has, and for a path that is not absolute; `NotFound` when there is no such
     * folder.
     */
    mapImage: (args: { name: string; folder?: string | null }, signal?: AbortSignal) =>
      transport.call<Image>("map_image", args, signal),
    /**
     * Has an image's name stand for nothing any more. `NotFound` when it does so already.
     */
    unmapImage: (args: { name: string }, signal?: AbortSignal) =>
      transport.call<void>("unmap_image", args, signal),
    /**
     * Runs a function, here or at its provider. `input` is the text of a JSON object; empty is `{}`. With
     * `callback_url`, a local asynchronous run calls there when it is over, as OpenFaaS does for an `X-Callback-Url`:
     * what becomes of that is among `deliveries_of` the run.
     */
    invoke: (args: { function: FunctionRef; input: string; mode: InvokeMode; rerunOf?: ActivationId | null; callbackUrl?: string | null }, signal?: AbortSignal) =>
      transport.call<InvokeReply>("invoke", args, signal),
    /**
     * Calls a function with a request, as its callers over HTTP do; the record's `http` holds the HTTP side.
     *
     * `InvalidInput` names the part that cannot be a request. A local function that takes JSON arguments gets what the
     * gateway would make of the request, and a web action what its own address would. `callback_url` as for `invoke`.
     *
     * At a provider it is for connections whose functions are called so (`capabilities.call`). An asynchronous run there
     * is `polling` while a callback is to come into an inbox here, and has its result then; that is so without a
     * `callback_url`, too, where the server is on this machine. Of any other the record says where its result goes.
     */
    invokeHttp: (args: { function: FunctionRef; request: RequestDraft; mode: InvokeMode; rerunOf?: ActivationId | null; callbackUrl?: string | null }, signal?: AbortSignal) =>
      transport.call<InvokeReply>("invoke_http", args, signal),
    /**
     * Stops a queued or running local run, or gives up a call at a provider: one that is waited for by closing its
     * connection, an accepted one where the system takes calls back (`capabilities.cancels`; `NotSupported` elsewhere).
     * `false` when it was over already.
     */
    cancel: (args: { id: ActivationId }, signal?: AbortSignal) =>
      transport.call<boolean>("cancel", args, signal),
    /**
     * The input last typed for a function, as typed; else one to begin with.
     */
    draft: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<string>("draft", args, signal),
    /**
     * Remembers what was typed for a function.
     */
    saveDraft: (args: { function: FunctionRef; text: string }, signal?: AbortSignal) =>
      transport.call<void>("save_draft", args, signal),
    /**
     * Calls a function as `invoke_http` does and waits, and passes on the response while it comes: where it is an event
     * stream or NDJSON, or the request's `Accept` asks for one, of a local function that can write bit by bit, or of a
     * provider's that is called with requests. Any other response is in the record alone. A caller who goes away ends a
     * local run whose response has begun, and the connection to a provider.
     */
    invokeHttpLive: (args: { function: FunctionRef; request: RequestDraft; rerunOf?: ActivationId | null }, onItem: (item: ResponsePart) => void, signal?: AbortSignal) =>
      transport.stream<ResponsePart, InvokeReply>("invoke_http_live", args, onItem, signal),
    /**
     * The requests that are saved of a function, here or at a provider, by name.
     */
    savedRequests: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<Array<SavedRequest>>("saved_requests", args, signal),
    /**
     * What a saved request sends. Headers that carried credentials have no value. `NotFound`.
     */
    savedRequest: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<SavedCall>("saved_request", args, signal),
    /**
     * Saves a request under a name; with `replace`, in the place of the one that is called so. Values of headers that
     * are credentials are not kept.
     *
     * `NotFound`: no such function, or connection. `Conflict`: the name is taken. `InvalidInput`: no name, or a text
     * that is no request. `LimitExceeded`: a text over 1.2 MB, or the 101st of the function.
     */
    saveRequest: (args: { function: FunctionRef; name: string; call: SavedCall; replace: boolean }, signal?: AbortSignal) =>
      transport.call<SavedRequest>("save_request", args, signal),
    /**
     * Calls a saved request by another name. `NotFound`; `Conflict`: the name is taken.
     */
    renameSavedRequest: (args: { id: string; name: string }, signal?: AbortSignal) =>
      transport.call<SavedRequest>("rename_saved_request", args, signal),
    /**
     * Deletes a saved request; answers what it sent, so that it can be saved again. `NotFound`.
     */
    deleteSavedRequest: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<SavedCall>("delete_saved_request", args, signal),
    /**
     * For each guard, whether functions of the local engine get it on this machine and, where they do not, a sentence
     * that says why. Does not change while Beckon runs; what a run really had is in its record (`guards`).
     */
    guards: (signal?: AbortSignal) =>
      transport.call<Array<GuardStatus>>("guards", {}, signal),
    /**
     * Series over time for charts, of one function or (without `function`) of everything: the rate of runs and of
     * errors by their kind, deliveries, percentiles of durations, cold starts, queue, workers, memory. See `Chart` for what each list tells and
     * where it is `null`. All lists are of the same length, ready to be drawn.
     *
     * `from` and `to` are ms since the epoch, `to` exclusive; `step` is the shortest step wanted, ms (0: the shortest
     * there is, 10,000). The answer's step may be longer: one of 10 s, 30 s, 1, 2, 5, 10, 15, 30 min, 1, 2, 3, 6, 12,
     * 24 h, 2 days, 1, 2, 4 weeks, such that there are at most 1,000. Its `from` is rounded down to a step.
     *
     * Good choices: the last hour with 10 s or 30 s, the last day with 5 min, the last week with 1 h. A rate per second
     * is `runs[i] * 1000 / step`; the last step is not over yet. Ask again on the event `engine`, at most every few
     * seconds: the history looks at queue and memory every 10 s and whenever it is asked.
     *
     * The same numbers, and more, are at `/metrics` of the gateway in Prometheus' format.
     *
     * Errors: `invalid_input` when `to` is not after `from`.
     */
    metrics: (args: { function?: FunctionRef | null; from: number; to: number; step: number }, signal?: AbortSignal) =>
      transport.call<Chart>("metrics", args, signal),
    /**
     * A page of the log, newest first. `filter` is a text of the filter grammar; `limit` at most 500.
     */
    activations: (args: { filter: string; after?: Cursor | null; limit: number }, signal?: AbortSignal) =>
      transport.call<Page>("activations", args, signal),
    /**
     * One record.
     */
    activation: (args: { id: ActivationId }, signal?: AbortSignal) =>
      transport.call<ActivationDetail>("activation", args, signal),
    /**
     * Waits for the end of a run, at most a minute, and answers its record as it is then. A provider that keeps the record
     * is asked at once, and often at first.
     */
    waitFor: (args: { id: ActivationId }, signal?: AbortSignal) =>
      transport.call<ActivationDetail>("wait_for", args, signal),
    /**
     * How many records match, counted up to 10,000.
     */
    countActivations: (args: { filter: string }, signal?: AbortSignal) =>
      transport.call<Count>("count_activations", args, signal),
    /**
     * Counts over time for the filter, in at most 240 buckets.
     */
    histogram: (args: { filter: string; buckets: number }, signal?: AbortSignal) =>
      transport.call<Histogram>("histogram", args, signal),
    /**
     * The terms of a filter text with their places and problems.
     */
    parseFilter: (args: { text: string }, signal?: AbortSignal) =>
      transport.call<Array<Term>>("parse_filter", args, signal),
    /**
     * Keeps a record beyond the retention period, or not any more.
     */
    pinActivation: (args: { id: ActivationId; pinned: boolean }, signal?: AbortSignal) =>
      transport.call<ActivationSummary>("pin_activation", args, signal),
    /**
     * The tokens of the local engine, newest first, without their secrets.
     */
    tokens: (signal?: AbortSignal) =>
      transport.call<Array<Token>>("tokens", {}, signal),
    /**
     * Makes a token. The credential is in the answer, once; where there is a secret store, one that calls functions is
     * kept for *Copy curl*.
     *
     * An account's token (`digitalocean`) reaches every namespace (scope `account`) or one; an access key
     * (`digitalocean_key`) one, for an hour at least; an OpenWhisk key one, or one function; the password of OpenFaaS'
     * `admin` (`openfaas`) every namespace or one; a client of Spaces (`spaces`) whatever is said. `InvalidInput` for
     * other pairs.
     */
    createToken: (args: { draft: TokenDraft }, signal?: AbortSignal) =>
      transport.call<NewToken>("create_token", args, signal),
    /**
     * Ends a token at once.
     */
    revokeToken: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<Token>("revoke_token", args, signal),
    /**
     * Takes a revoked or expired token off the list.
     */
    forgetToken: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<void>("forget_token", args, signal),
    /**
     * The credential that calls this function, because the user pressed *Show token*.
     */
    showToken: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<ShownToken>("show_token", args, signal),
    /**
     * A command or program that makes the same call, with the token masked, as `$VARIABLE` or real. `NotSupported` where
     * the form cannot say it: what is called with a request is called by curl, faas-cli or Python, all without a token but
     * for a space's function (curl and Python, which ask for an access token first), and doctl knows DigitalOcean alone. For an asynchronous call that calls back, the request has the header
     * `X-Callback-Url`.
     */
    copyCall: (args: { source: CopySource; form: CopyForm; mode: CopyMode; token: CopyToken; to: CopyTo }, signal?: AbortSignal) =>
      transport.call<CopyReply>("copy_call", args, signal),
    /**
     * Puts a text that the page already has on the host's clipboard.
     */
    copyText: (args: { text: string }, signal?: AbortSignal) =>
      transport.call<void>("copy_text", args, signal),
    /**
     * The queues of all local functions that have anything in them, dead letters included, or are paused; by name.
     *
     * Refresh on the events `engine` (depths) and `queues` (paused, cleared, dead letters).
     */
    queues: (signal?: AbortSignal) =>
      transport.call<Array<QueueState>>("queues", {}, signal),
    /**
     * Holds back a function's accepted runs, over restarts too. Those in progress go on, and new ones are accepted.
     */
    pauseQueue: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<void>("pause_queue", args, signal),
    /**
     * Lets a function's accepted runs go on.
     */
    resumeQueue: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<void>("resume_queue", args, signal),
    /**
     * Cancels every run of a function that waits, for a worker or for its next attempt; each keeps its record. Answers
     * how many. To be confirmed by the user.
     */
    clearQueue: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<number>("clear_queue", args, signal),
    /**
     * A page of the runs that failed as often as their function's retry settings allow, of one function or of all, the
     * last started first; at most 200. `after` is `next` of the page before.
     */
    deadLetters: (args: { function?: FunctionRef | null; after?: ActivationId | null; limit?: number | null } = {}, signal?: AbortSignal) =>
      transport.call<DeadPage>("dead_letters", args, signal),
    /**
     * Puts a dead letter back into the queue, with all attempts before it: the same run, under the same id. `false` when
     * it is none any more. Values of secret headers of its request are kept in memory only: after a restart of Beckon
     * the function sees `***` for them.
     */
    retryDeadLetter: (args: { id: ActivationId }, signal?: AbortSignal) =>
      transport.call<boolean>("retry_dead_letter", args, signal),
    /**
     * The same for all of a function. Answers how many.
     */
    retryDeadLetters: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<number>("retry_dead_letters", args, signal),
    /**
     * Takes a dead letter off the list; its record stays. `false` when it is none any more.
     */
    dismissDeadLetter: (args: { id: ActivationId }, signal?: AbortSignal) =>
      transport.call<boolean>("dismiss_dead_letter", args, signal),
    /**
     * The same for all of a function. Answers how many.
     */
    dismissDeadLetters: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<number>("dismiss_dead_letters", args, signal),
    /**
     * A page of deliveries (callbacks and records of detached runs), newest first; `after` is the `next` of the page
     * before; `limit` at most 500. The event `deliveries` says that something changed.
     */
    deliveries: (args: { filter: DeliveryFilter; after?: number | null; limit: number }, signal?: AbortSignal) =>
      transport.call<DeliveryPage>("deliveries", args, signal),
    /**
     * One delivery with every attempt. Credentials in it are `***`.
     */
    delivery: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<Delivery>("delivery", args, signal),
    /**
     * What the end of a run caused, oldest first; empty for most runs.
     */
    deliveriesOf: (args: { run: ActivationId }, signal?: AbortSignal) =>
      transport.call<Array<DeliverySummary>>("deliveries_of", args, signal),
    /**
     * Makes another attempt now, also of one that was delivered. `NotFound`; `Conflict` while one is in progress.
     */
    retryDelivery: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<void>("retry_delivery", args, signal),
    /**
     * Makes another attempt now of every delivery that failed or was given up; answers how many.
     */
    retryFailedDeliveries: (signal?: AbortSignal) =>
      transport.call<number>("retry_failed_deliveries", {}, signal),
    /**
     * How many deliveries are in which state.
     */
    deliveryCounts: (signal?: AbortSignal) =>
      transport.call<DeliveryCounts>("delivery_counts", {}, signal),
    /**
     * What deliveries are allowed to do.
     */
    deliveryRules: (signal?: AbortSignal) =>
      transport.call<DeliveryRules>("delivery_rules", {}, signal),
    /**
     * Changes it, from the next attempt on; answers it as it is kept. `InvalidInput` for what is no host, for a number
     * of attempts other than 1 to 10, and for certificates that are not PEM.
     */
    saveDeliveryRules: (args: { rules: DeliveryRules }, signal?: AbortSignal) =>
      transport.call<DeliveryRules>("save_delivery_rules", args, signal),
    /**
     * Every inbox, newest first: callback inboxes, and the topics, queues and streams that records were delivered to.
     * The event `inboxes` says that something changed.
     */
    inboxes: (signal?: AbortSignal) =>
      transport.call<Array<InboxView>>("inboxes", {}, signal),
    /**
     * Makes a callback inbox, whose URL (and any path below it) can be given to any provider. `answer` is the status that
     * senders get, 200 unless given. With `run`, all that arrives in it belongs to that run.
     */
    createInbox: (args: { label: string; answer?: number | null; run?: ActivationId | null }, signal?: AbortSignal) =>
      transport.call<InboxView>("create_inbox", args, signal),
    /**
     * Changes the label of a callback inbox and what its senders are answered. `NotFound`.
     */
    changeInbox: (args: { id: string; label: string; answer: number }, signal?: AbortSignal) =>
      transport.call<void>("change_inbox", args, signal),
    /**
     * Deletes an inbox with all that is in it. Nothing happens when there is none.
     */
    deleteInbox: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_inbox", args, signal),
    /**
     * Deletes what is in an inbox.
     */
    clearInbox: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<void>("clear_inbox", args, signal),
    /**
     * A page of what arrived in an inbox, newest first; `after` is the `next` of the page before; `limit` at most 200.
     */
    inboxMessages: (args: { id: string; after?: number | null; limit: number }, signal?: AbortSignal) =>
      transport.call<MessagePage>("inbox_messages", args, signal),
    /**
     * What arrived in any inbox for a run, oldest first.
     */
    messagesOf: (args: { run: ActivationId }, signal?: AbortSignal) =>
      transport.call<Array<InboxMessage>>("messages_of", args, signal),
    /**
     * The schedules of a local function, or all of them, oldest first, each with its next time.
     *
     * Refresh on the event `schedules`, on `functions` (a deleted function orphans its schedules), and when `next` has
     * passed.
     */
    schedules: (args: { function?: FunctionRef | null } = {}, signal?: AbortSignal) =>
      transport.call<Array<Schedule>>("schedules", args, signal),
    /**
     * What became of a schedule's times, newest first, at most 200 lines: runs, refusals, missed times. The runs
     * themselves are activations with the cause `schedule`.
     */
    scheduleHistory: (args: { id: string; limit?: number | null }, signal?: AbortSignal) =>
      transport.call<Array<Firing>>("schedule_history", args, signal),
    /**
     * Makes a schedule (no `id`) or changes one, which keeps its history. A changed expression or zone, and switching
     * it on, count from now.
     *
     * `InvalidInput` says which field of the expression is wrong; `NotFound`: no such schedule or function.
     */
    saveSchedule: (args: { id?: string | null; schedule: NewSchedule }, signal?: AbortSignal) =>
      transport.call<Schedule>("save_schedule", args, signal),
    /**
     * Deletes a schedule with its history; its runs stay in the journal.
     */
    deleteSchedule: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_schedule", args, signal),
    /**
     * Starts a run of a schedule now, also of one that is switched off; answers the run's id.
     */
    runScheduleNow: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<ActivationId>("run_schedule_now", args, signal),
    /**
     * What an expression means, in words, with its next times (5 unless told, at most 100), for the form as it is
     * typed. `zone` is an IANA name; empty is `UTC`. `InvalidInput` says which field is wrong.
     */
    previewSchedule: (args: { expression: string; zone: string; count?: number | null }, signal?: AbortSignal) =>
      transport.call<SchedulePreview>("preview_schedule", args, signal),
    /**
     * The message triggers of a local function, or all of them, oldest first, with what they are doing.
     *
     * Refresh on the event `triggers` (states and counts, at most twice a second) and on `functions` (a deleted
     * function orphans its triggers).
     */
    triggers: (args: { function?: FunctionRef | null } = {}, signal?: AbortSignal) =>
      transport.call<Array<Trigger>>("triggers", args, signal),
    /**
     * Makes a trigger (no `id`) or changes one.
     *
     * `secret` is the credential that `trigger.credential` speaks of: a token, `user:password`, an NKey seed, or the
     * text of a `.creds` file. It is kept in the secret store and never comes back; `null` keeps the one that is there.
     * `InvalidInput` for a server, subscription or credential that cannot be one; `NotFound`: no such trigger or function.
     */
    saveTrigger: (args: { id?: string | null; trigger: NewTrigger; secret?: string | null }, signal?: AbortSignal) =>
      transport.call<Trigger>("save_trigger", args, signal),
    /**
     * Deletes a trigger and its credential; messages that it took already are still dealt with. An MQTT broker is told to
     * forget it; while it cannot be reached the credential is kept for that, a day at most.
     */
    deleteTrigger: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_trigger", args, signal),
    /**
     * Takes no more messages until it is resumed, over restarts too.
     */
    pauseTrigger: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<Trigger>("pause_trigger", args, signal),
    /**
     * Takes messages again; a trigger that waits to try again does so at once.
     */
    resumeTrigger: (args: { id: string }, signal?: AbortSignal) =>
      transport.call<Trigger>("resume_trigger", args, signal),
    /**
     * The triggers of a connection's namespace (`capabilities.spaceTriggers`), with what they are doing.
     *
     * Those of the local engine change with the event `triggers`; a provider tells of no change.
     */
    spaceTriggers: (args: { connection: string; namespace: NamespaceName }, signal?: AbortSignal) =>
      transport.call<Array<SpaceTrigger>>("space_triggers", args, signal),
    /**
     * Makes a trigger of a namespace (no `id`) or changes one, which keeps its type.
     *
     * `password` is the broker's, for the user that the trigger names. It goes to the provider, here to the secret
     * store, and never comes back; `null` or an empty one keeps that which is there, if the broker and the user are the
     * same. `InvalidInput` for what cannot be a trigger; `NotFound`: no such trigger or namespace.
     */
    putSpaceTrigger: (args: { connection: string; namespace: NamespaceName; id?: string | null; trigger: NewSpaceTrigger; password?: string | null }, signal?: AbortSignal) =>
      transport.call<SpaceTrigger>("put_space_trigger", args, signal),
    /**
     * Deletes a trigger of a namespace; what it called already is still run.
     */
    deleteSpaceTrigger: (args: { connection: string; namespace: NamespaceName; id: string }, signal?: AbortSignal) =>
      transport.call<void>("delete_space_trigger", args, signal),
    /**
     * Where secrets are kept.
     */
    secretStore: (signal?: AbortSignal) =>
      transport.call<SecretStoreState>("secret_store", {}, signal),
    /**
     * Keeps secrets in an encrypted file from now on; makes the file with this passphrase (at least 8 characters).
     */
    useSecretFile: (args: { passphrase: string }, signal?: AbortSignal) =>
      transport.call<SecretStoreState>("use_secret_file", args, signal),
    /**
     * Opens the encrypted file for this session.
     */
    unlockSecretFile: (args: { passphrase: string }, signal?: AbortSignal) =>
      transport.call<SecretStoreState>("unlock_secret_file", args, signal),
    /**
     * Tries the operating system's keychain again, and uses it from now on if it works. A file that was chosen stays.
     */
    useKeychain: (signal?: AbortSignal) =>
      transport.call<SecretStoreState>("use_keychain", {}, signal),
    /**
     * What the user has set.
     */
    settings: (signal?: AbortSignal) =>
      transport.call<Settings>("settings", {}, signal),
    /**
     * Changes it. Values out of range are `InvalidInput`.
     */
    saveSettings: (args: { settings: Settings }, signal?: AbortSignal) =>
      transport.call<Settings>("save_settings", args, signal),
    /**
     * What a folder (or a source file, or a zip) would be as a function: its files and sizes, and what is left out and
     * why. `path` is absolute. Nothing is read into the database.
     */
    previewFolder: (args: { path: string }, signal?: AbortSignal) =>
      transport.call<FolderPreview>("preview_folder", args, signal),
    /**
     * Makes a local function from a folder. With `watch`, saving a file in it deploys it again. `Conflict` when the name
     * is taken; `contract` is OpenWhisk's when absent.
     */
    createFromFolder: (args: { function: FunctionRef; kind: Runtime; contract?: Contract | null; path: string; watch: boolean }, signal?: AbortSignal) =>
      transport.call<FolderState | null>("create_from_folder", args, signal),
    /**
     * How a local function's folder is getting on; `null` when its code does not come from one. The event `folders` says
     * that there is something new.
     */
    folderState: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<FolderState | null>("folder_state", args, signal),
    /**
     * The folders that this Beckon has dealt with since it started: all watched ones among them.
     */
    folderStates: (signal?: AbortSignal) =>
      transport.call<Array<FolderState>>("folder_states", {}, signal),
    /**
     * Takes a local function's code from this folder from now on, and deploys it; with no `path`, from no folder any more:
     * the code stays what it is. Code that is saved by hand ends the tie as well.
     */
    setFolder: (args: { function: FunctionRef; path?: string | null; watch: boolean }, signal?: AbortSignal) =>
      transport.call<FolderState | null>("set_folder", args, signal),
    /**
     * Deploys a local function's folder now; answers whether that made a new version.
     */
    syncFolder: (args: { function: FunctionRef }, signal?: AbortSignal) =>
      transport.call<boolean>("sync_folder", args, signal),
    /**
     * Reads a project as a plan, and changes nothing: `stack.yaml` (OpenFaaS), `project.yml` (DigitalOcean), `func.yaml`
     * or `app.yaml` (Fn), or a folder with one of them. `path` is absolute. Values of secrets are not in the answer.
     */
    openProject: (args: { path: string }, signal?: AbortSignal) =>
      transport.call<Project>("open_project", args, signal),
    /**
     * Deploys functions of a project into a namespace, all of them or those named: each has its own outcome, and one that
     * fails stops no other. The file is read again. `connection` is the local engine when absent.
     *
     * Secrets whose values are known go to the secret store; the outcome names those that the user has to set. With
     * `watch`, the folders are watched from then on.
     *
     * To a provider the code is sent as it is packed here, with the package that it is named in where there is none.
     * Secrets are environment variables there: known values are sent, others stay what they are. Schedules, watching,
     * the engine's own settings and the installation of dependencies are left out, which the outcome's warnings say. A
     * function that is written for another handler contract than OpenWhisk's fails (`NotSupported`).
     */
    deployProject: (args: { connection?: string | null; path: string; functions?: Array<string> | null; namespace: NamespaceName; watch: boolean }, onItem: (item: ProjectStep) => void, signal?: AbortSignal) =>
      transport.stream<ProjectStep, Array<ProjectOutcome>>("deploy_project", args, onItem, signal),
    /**
     * What `beckon connect` chose last; `None` where nothing was, and where that connection or (here) namespace is gone.
     */
    terminalTarget: (signal?: AbortSignal) =>
      transport.call<TerminalTarget | null>("terminal_target", {}, signal),
    /**
     * Chooses where the command line's calls go. `NotFound`: no such connection or namespace.
     */
    setTerminalTarget: (args: { target: TerminalTarget }, signal?: AbortSignal) =>
      transport.call<void>("set_terminal_target", args, signal),
    /**
     * Runs a function for the command line: as `invoke`, and the record says who asked. What `invoke_http_live` would
     * pass on of the response of one that is waited for is passed on while it comes.
     */
    invokeFromTerminal: (args: { function: FunctionRef; input: string; mode: InvokeMode }, onItem: (item: ResponsePart) => void, signal?: AbortSignal) =>
      transport.stream<ResponsePart, InvokeReply>("invoke_from_terminal", args, onItem, signal),
  };
}

export type Api = ReturnType<typeof createApi>;
