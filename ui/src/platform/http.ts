import { badReply, CallError, cancelled, isPanelError, unreachable } from "./call-error";
import { LineReader } from "./ndjson";
import { endSession } from "./session";
import type { Transport } from "./transport";

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** The panel over `POST /api/<command>`; streams are NDJSON lines `{"item"}` … then `{"ok"}` or `{"err"}`. */
export function httpTransport(fetcher: Fetch = (input, init) => fetch(input, init), base = ""): Transport {
  async function post(command: string, args: object, signal?: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await fetcher(`${base}/api/${command}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
        credentials: "same-origin",
        cache: "no-store",
        signal,
      });
    } catch (thrown) {
      if (signal?.aborted) throw cancelled();
      throw unreachable(thrown instanceof Error ? thrown.message : undefined);
    }
    if (!response.ok) throw await failure(response);
    return response;
  }

  return {
    async call<T>(command: string, args: object, signal?: AbortSignal): Promise<T> {
      const response = await post(command, args, signal);
      const text = await body(response, signal);
      if (text.trim() === "") return undefined as T;
      return parse(text) as T;
    },

    async stream<I, R>(
      command: string,
      args: object,
      onItem: (item: I) => void,
      signal?: AbortSignal,
    ): Promise<R> {
      const response = await post(command, args, signal);
      const reader = response.body?.getReader();
      if (!reader) throw badReply("a stream without a body");
      const lines = new LineReader();
      try {
        for (;;) {
          const { done, value } = await next(reader, signal);
          for (const line of done ? lines.end() : lines.push(value)) {
            const message = parse(line);
            if (typeof message !== "object" || message === null) throw badReply(line.slice(0, 200));
            if ("item" in message) onItem(message.item as I);
            else if ("ok" in message) return message.ok as R;
            else if ("err" in message && isPanelError(message.err)) throw new CallError(message.err);
            else throw badReply(line.slice(0, 200));
          }
          if (done) throw unreachable("the stream ended without a result");
        }
      } finally {
        // Also after the result: tells the server that nobody listens any more.
        reader.cancel().catch(() => undefined);
      }
    },
  };
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>, signal?: AbortSignal) {
  try {
    return await reader.read();
  } catch (thrown) {
    if (signal?.aborted) throw cancelled();
    throw unreachable(thrown instanceof Error ? thrown.message : undefined);
  }
}

async function body(response: Response, signal?: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (thrown) {
    if (signal?.aborted) throw cancelled();
    throw unreachable(thrown instanceof Error ? thrown.message : undefined);
  }
}

async function failure(response: Response): Promise<CallError> {
  const text = await response.text().catch(() => "");
  let error: unknown;
  try {
    error = JSON.parse(text);
  } catch {
    error = undefined;
  }
  if (response.status === 401) endSession();
  if (isPanelError(error)) return new CallError(error);
  return badReply(`HTTP ${response.status}: ${text.slice(0, 200)}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badReply(text.slice(0, 200));
  }
}
