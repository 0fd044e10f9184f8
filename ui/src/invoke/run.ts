import type { QueryClient } from "@tanstack/react-query";
import { subscribeEvents } from "@/api/events";
import { keys } from "@/api/keys";
import { api, type FunctionRef, type InvokeReply, toCallError } from "@/platform";
import { resolveCallback } from "./callback";
import { toDraft } from "./draft";
import { parseRequest } from "./request";
import { failedSession, sessionOf, useSessions } from "./session";
import { LiveReader } from "./stream/live";

/** Clocks of window and panel are the same machine's or a network's apart. */
const SLACK = 5_000;

/** Invokes with the session's input (a request, if `http`) and mode, and keeps the session up to date until the call is answered. */
export async function run(client: QueryClient, f: FunctionRef, http = false): Promise<void> {
  const { mode, text, callStarted, callback, rerunOf } = sessionOf(f);
  if (callStarted !== null) return;
  const { patch } = useSessions.getState();
  const started = Date.now();
  patch(f, {
    callStarted: started,
    runId: null,
    recorded: false,
    answered: null,
    promoted: false,
    live: null,
    error: null,
  });

  // The answer of a blocking call comes at its end; its id is known from the events before, and can be cancelled by it.
  const unsubscribe = subscribeEvents((event) => {
    const { runId, recorded } = sessionOf(f);
    if (event.type !== "activations" || recorded) return;
    const row = event.rows.find(
      (each) =>
        (runId === null || each.id === runId) &&
        each.connection === f.connection &&
        each.namespace === f.namespace &&
        each.function === f.name &&
        each.cause === "panel" &&
        each.start >= started - SLACK &&
        each.end === null,
    );
    if (row) patch(f, { runId: row.id, recorded: true });
  });

  try {
    let callbackUrl: string | undefined;
    // The choice is there only where there are callbacks.
    if (mode === "non_blocking") {
      const { url, kept } = await resolveCallback(callback, f);
      callbackUrl = url;
      patch(f, { callback: kept });
    }
    const shared = { function: f, mode, callbackUrl, rerunOf: rerunOf ?? undefined };
    const { activation, promoted } = await (http
      ? mode === "blocking"
        ? runLive(f, text ?? "", rerunOf)
        : api.invokeHttp({ ...shared, request: toDraft(parseRequest(text ?? "")) })
      : api.invoke({ ...shared, input: text ?? "" }));
    patch(f, {
      callStarted: null,
      runId: activation.id,
      recorded: true,
      answered: activation,
      promoted,
      rerunOf: null,
    });
    await client.invalidateQueries({ queryKey: keys.activation(activation.id) });
  } catch (thrown) {
    const { code } = toCallError(thrown);
    // It may go on where nobody hears of it: then its record will say how it ended.
    const runId = code === "unreachable" ? sessionOf(f).runId : null;
    patch(f, { ...failedSession(thrown), runId, recorded: runId !== null });
  } finally {
    unsubscribe();
  }
}

/** Shows the response while it comes, if it is one that does. */
async function runLive(f: FunctionRef, text: string, rerunOf: string | null): Promise<InvokeReply> {
  const { patch } = useSessions.getState();
  const reader = new LiveReader();
  const request = toDraft(parseRequest(text));
  try {
    return await api.invokeHttpLive({ function: f, request, rerunOf: rerunOf ?? undefined }, (part) =>
      patch(f, { live: reader.take(part), ...("id" in part && { runId: part.id }) }),
    );
  } finally {
    patch(f, { live: reader.end() });
  }
}
