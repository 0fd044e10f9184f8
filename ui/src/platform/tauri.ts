import { cancelled, toCallError } from "./call-error";
import type { Transport } from "./transport";

type Core = typeof import("@tauri-apps/api/core");

/** The panel over Tauri's IPC. The module is loaded on first use, so that the HTTP page never carries it. */
export function tauriTransport(load: () => Promise<Core> = () => import("@tauri-apps/api/core")): Transport {
  return {
    async call<T>(command: string, args: object, signal?: AbortSignal): Promise<T> {
      const { invoke } = await load();
      return untilAborted(invoke<T>(command, { ...args }), signal);
    },

    async stream<I, R>(
      command: string,
      args: object,
      onItem: (item: I) => void,
      signal?: AbortSignal,
    ): Promise<R> {
      const { invoke, Channel } = await load();
      const channel = new Channel<I>((item) => {
        if (!signal?.aborted) onItem(item);
      });
      return untilAborted(invoke<R>(command, { ...args, __channel: channel }), signal);
    },
  };
}

// Tauri cannot take a call back; the page stops waiting for it.
function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      promise.catch(() => undefined);
      reject(cancelled());
      return;
    }
    const onAbort = () => reject(cancelled());
    signal?.addEventListener("abort", onAbort, { once: true });
    promise
      .then(resolve, (thrown: unknown) => reject(toCallError(thrown)))
      .finally(() => signal?.removeEventListener("abort", onAbort));
  });
}
