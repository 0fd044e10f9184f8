import { create } from "zustand";
import type { Activation, CallbackChoice, FunctionRef, InvokeMode } from "@/platform";
import { type Explained, explain } from "@/platform/errors";
import type { LiveResponse } from "./stream/live";

/** What the invoke pane of one function shows; it outlives the pane, so that a run is not lost by looking elsewhere. */
export interface InvokeSession {
  mode: InvokeMode;
  /** The input as typed; null until the draft was read. */
  text: string | null;
  /** Set while the call has not been answered. */
  callStarted: number | null;
  /** The run of the newest call, as soon as it is known. */
  runId: string | null;
  /** Whether the log has it already: a provider's run that is waited for comes there at its end. */
  recorded: boolean;
  /** What the call answered; the record itself is followed elsewhere. */
  answered: Activation | null;
  promoted: boolean;
  /** The response of the newest call, where it was shown while it came. */
  live: LiveResponse | null;
  callback: CallbackChoice;
  /** The run that the input was taken from, to be run again. */
  rerunOf: string | null;
  /** The name of the saved request that is in the pane, perhaps changed since. */
  saved: string | null;
  error: Explained | null;
}

const FRESH: InvokeSession = {
  mode: "blocking",
  text: null,
  callStarted: null,
  runId: null,
  recorded: false,
  answered: null,
  promoted: false,
  live: null,
  callback: { to: "nobody" },
  rerunOf: null,
  saved: null,
  error: null,
};

interface Sessions {
  byFunction: Readonly<Record<string, InvokeSession>>;
  patch: (f: FunctionRef, change: Partial<InvokeSession>) => void;
}

export const useSessions = create<Sessions>((set) => ({
  byFunction: {},
  patch: (f, change) =>
    set(({ byFunction }) => {
      const key = sessionKey(f);
      return { byFunction: { ...byFunction, [key]: { ...(byFunction[key] ?? FRESH), ...change } } };
    }),
}));

export function sessionKey(f: FunctionRef): string {
  return `${f.connection}\n${f.namespace}\n${f.name}`;
}

export function useSession(f: FunctionRef): InvokeSession {
  return useSessions((sessions) => sessions.byFunction[sessionKey(f)] ?? FRESH);
}

export function sessionOf(f: FunctionRef): InvokeSession {
  return useSessions.getState().byFunction[sessionKey(f)] ?? FRESH;
}

export function failedSession(thrown: unknown): Partial<InvokeSession> {
  return { callStarted: null, error: explain(thrown) };
}
