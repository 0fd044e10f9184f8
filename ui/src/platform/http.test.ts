import { afterEach, describe, expect, it, vi } from "vitest";
import type { PanelError } from "./bindings";
import { CallError } from "./call-error";
import { httpTransport } from "./http";
import { onSessionEnd, resumeSession, sessionEnded } from "./session";

const NOT_FOUND: PanelError = {
  code: "not_found",
  message: "There is no function 'x'.",
  hint: "Look at the list.",
  retryable: false,
};

function reply(body: BodyInit | null, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

/** A body that arrives in exactly these pieces. */
function pieces(...chunks: Array<string | Uint8Array>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
  return new Response(body);
}

async function caught(promise: Promise<unknown>): Promise<CallError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CallError);
  return error as CallError;
}

afterEach(resumeSession);

describe("call", () => {
  it("posts the arguments as JSON and returns the result", async () => {
    const fetcher = vi.fn(async () => reply('[{"name":"playground"}]'));
    const result = await httpTransport(fetcher).call("namespaces", { connection: "local" });
    expect(result).toEqual([{ name: "playground" }]);
    expect(fetcher).toHaveBeenCalledWith(
      "/api/namespaces",
      expect.objectContaining({
        method: "POST",
        body: '{"connection":"local"}',
        headers: { "content-type": "application/json" },
        credentials: "same-origin",
      }),
    );
  });

  it("takes null and an empty body as answers of commands without a result", async () => {
    expect(await httpTransport(async () => reply("null")).call("forget_token", {})).toBeNull();
    expect(
      await httpTransport(async () => new Response(null, { status: 204 })).call("x", {}),
    ).toBeUndefined();
  });

  it("throws the panel's error with everything that it says", async () => {
    const error = await caught(
      httpTransport(async () => reply(JSON.stringify(NOT_FOUND), 404)).call("function", {}),
    );
    expect(error).toMatchObject(NOT_FOUND);
  });

  it("calls an error body that is none of the panel's a bad reply", async () => {
    const error = await caught(httpTransport(async () => reply("<h1>Bad gateway</h1>", 502)).call("x", {}));
    expect(error.code).toBe("bad_reply");
    expect(error.details).toContain("502");
    const unknown = await caught(
      httpTransport(async () => reply('{"code":"made_up","message":"m","retryable":false}', 400)).call(
        "x",
        {},
      ),
    );
    expect(unknown.code).toBe("bad_reply");
  });

  it("calls a result that is not JSON a bad reply", async () => {
    expect((await caught(httpTransport(async () => reply("{")).call("x", {}))).code).toBe("bad_reply");
  });

  it("says that Beckon does not answer when the request fails, and that this may pass", async () => {
    const error = await caught(
      httpTransport(async () => {
        throw new TypeError("Failed to fetch");
      }).call("x", {}),
    );
    expect(error).toMatchObject({ code: "unreachable", retryable: true, details: "Failed to fetch" });
  });

  it("tells an aborted call from a failed one", async () => {
    const stop = new AbortController();
    const promise = httpTransport(
      (_, { signal }) =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    ).call("x", {}, stop.signal);
    stop.abort();
    expect((await caught(promise)).code).toBe("cancelled");
  });

  it("ends the session on 401, and says so once", async () => {
    const listener = vi.fn();
    const off = onSessionEnd(listener);
    const transport = httpTransport(async () =>
      reply('{"code":"unauthorized","message":"The session ended.","retryable":false}', 401),
    );
    await caught(transport.call("overview", {}));
    await caught(transport.call("overview", {}));
    off();
    expect(sessionEnded()).toBe(true);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("leaves the session alone on 403", async () => {
    await caught(
      httpTransport(async () => reply('{"code":"forbidden","message":"No.","retryable":false}', 403)).call(
        "x",
        {},
      ),
    );
    expect(sessionEnded()).toBe(false);
  });
});

describe("stream", () => {
  it("hands over items in order and returns the result", async () => {
    const items: unknown[] = [];
    const transport = httpTransport(async () => pieces('{"item":1}\n{"item":2}\n', '{"ok":{"done":true}}\n'));
    expect(await transport.stream("events", {}, (item) => items.push(item))).toEqual({ done: true });
    expect(items).toEqual([1, 2]);
  });

  it("puts lines together that arrive in pieces, even inside a character", async () => {
    const line = new TextEncoder().encode('{"item":"grüße 🎉"}\n');
    const items: unknown[] = [];
    const bytes = Array.from(line, (byte) => new Uint8Array([byte]));
    await httpTransport(async () => pieces(...bytes, '{"ok":null}')).stream("events", {}, (item) =>
      items.push(item),
    );
    expect(items).toEqual(["grüße 🎉"]);
  });

  it("throws the error line", async () => {
    const items: unknown[] = [];
    const transport = httpTransport(async () =>
      pieces(`{"item":1}\n${JSON.stringify({ err: NOT_FOUND })}\n`),
    );
    const error = await caught(transport.stream("events", {}, (item) => items.push(item)));
    expect(error.code).toBe("not_found");
    expect(items).toEqual([1]);
  });

  it("does not take a stream that breaks off for one that ended", async () => {
    const error = await caught(
      httpTransport(async () => pieces('{"item":1}\n')).stream("events", {}, () => {}),
    );
    expect(error).toMatchObject({ code: "unreachable", retryable: true });
  });

  it("refuses lines of another protocol", async () => {
    for (const line of ["hello\n", '{"what":1}\n', "7\n", '{"err":{"message":"m"}}\n']) {
      const error = await caught(httpTransport(async () => pieces(line)).stream("events", {}, () => {}));
      expect(error.code, line).toBe("bad_reply");
    }
  });

  it("throws an error that came instead of a stream", async () => {
    const transport = httpTransport(async () => reply(JSON.stringify(NOT_FOUND), 404));
    expect((await caught(transport.stream("events", {}, () => {}))).code).toBe("not_found");
  });
});
