import { createApi } from "./bindings";
import { httpTransport } from "./http";
import { tauriTransport } from "./tauri";
import type { Transport } from "./transport";

/** What the host of this page can do. Components ask for a capability, never for a platform's name. */
export type Capability =
  /** The host itself puts text on the clipboard, so a secret need not pass through the page. */
  | "hostClipboard"
  /** The host itself shows notifications, also when no page is open. */
  | "hostNotifications"
  /** The page was opened with a link that can end; a new one must be asked for outside the page. */
  | "sessionLink";

const inTauri = "__TAURI_INTERNALS__" in window;

const CAPABILITIES: Record<Capability, boolean> = {
  hostClipboard: inTauri,
  hostNotifications: inTauri,
  sessionLink: !inTauri,
};

export function can(capability: Capability): boolean {
  return CAPABILITIES[capability];
}

let current: Transport = inTauri ? tauriTransport() : httpTransport();

/** Every command of the panel. */
export const api = createApi({
  call: (command, args, signal) => current.call(command, args, signal),
  stream: (command, args, onItem, signal) => current.stream(command, args, onItem, signal),
});

/** For tests and the fixture page: answers every later call of `api` from here. */
export function replaceTransport(transport: Transport): void {
  current = transport;
}

export type * from "./bindings";
export { CallError, toCallError } from "./call-error";
export { copyText } from "./clipboard";
export type { Transport } from "./transport";
