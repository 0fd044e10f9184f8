import { describe, expect, it, vi } from "vitest";
import { CallError } from "./call-error";
import { tauriTransport } from "./tauri";

class FakeChannel {
  constructor(readonly onmessage: (item: unknown) => void) {}
}

function transport(invoke: (command: string, args: Record<string, unknown>) => Promise<unknown>) {
  // biome-ignore lint/suspicious/noExplicitAny: two functions stand for the whole module
  return tauriTransport(async () => ({ invoke, Channel: FakeChannel }) as any);
}

describe("tauriTransport", () => {
  it("invokes the command by its name", async () => {
    const invoke = vi.fn(async () => ["a"]);
    expect(await transport(invoke).call("namespaces", { connection: "local" })).toEqual(["a"]);
    expect(invoke).toHaveBeenCalledWith("namespaces", { connection: "local" });
  });

  it("throws what the panel rejects with as a CallError", async () => {
    const call = transport(async () => {
      throw { code: "busy", message: "The queue is full.", retryable: true };
    }).call("invoke", {});
    await expect(call).rejects.toBeInstanceOf(CallError);
    await expect(call).rejects.toMatchObject({ code: "busy", retryable: true });
  });

  it("passes a channel for a stream, and its items on", async () => {
    const items: unknown[] = [];
    const result = await transport(async (_, args) => {
      const channel = args.__channel as FakeChannel;
      channel.onmessage({ type: "engine" });
      return "end";
    }).stream("events", {}, (item) => items.push(item));
    expect(items).toEqual([{ type: "engine" }]);
    expect(result).toBe("end");
  });

  it("stops waiting, and listening, when aborted", async () => {
    const stop = new AbortController();
    const items: unknown[] = [];
    let channel: FakeChannel | undefined;
    const stream = transport((_, args) => {
      channel = args.__channel as FakeChannel;
      return new Promise(() => undefined);
    }).stream("events", {}, (item) => items.push(item), stop.signal);
    await vi.waitFor(() => expect(channel).toBeDefined());
    stop.abort();
    await expect(stream).rejects.toMatchObject({ code: "cancelled" });
    channel?.onmessage("late");
    expect(items).toEqual([]);
  });
});
