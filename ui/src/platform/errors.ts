import type { ErrorCode } from "./bindings";
import { type CallError, toCallError } from "./call-error";

export type Severity = "error" | "warning" | "silent";

/** What a person can do next; pages turn it into a button. */
export type NextAction =
  | "retry"
  | "reload"
  | "openSettings"
  | "openConnections"
  | "unlock"
  | "chooseStore"
  | null;

export interface Explained {
  severity: Severity;
  /** A few words. */
  title: string;
  /** The panel's own sentence. */
  message: string;
  /** What to do next, in words. */
  hint: string | null;
  action: NextAction;
  code: ErrorCode;
  details: string | null;
}

interface Rule {
  severity: Severity;
  title: string;
  hint: string | null;
  action: NextAction;
}

const RULES: Record<ErrorCode, Rule> = {
  invalid_input: {
    severity: "warning",
    title: "Not accepted",
    hint: "Correct the marked value and try again.",
    action: null,
  },
  not_found: {
    severity: "warning",
    title: "Not found",
    hint: "It may have been deleted or renamed.",
    action: null,
  },
  conflict: {
    severity: "warning",
    title: "Changed meanwhile",
    hint: "Reload to see the newest version, then make your change again.",
    action: "reload",
  },
  unauthorized: {
    severity: "error",
    title: "Key not accepted",
    hint: "Enter a valid key for this connection.",
    action: "openConnections",
  },
  forbidden: {
    severity: "error",
    title: "Not allowed",
    hint: "The key is right but does not reach this. Use one with a wider scope.",
    action: "openConnections",
  },
  limit_exceeded: {
    severity: "warning",
    title: "Over a limit",
    hint: "Make it smaller, or raise the limit in Settings.",
    action: null,
  },
  busy: {
    severity: "warning",
    title: "Busy",
    hint: "Too many runs wait already. Try again in a moment.",
    action: "retry",
  },
  not_supported: { severity: "warning", title: "Not possible here", hint: null, action: null },
  runtime_missing: {
    severity: "error",
    title: "Runtime missing",
    hint: "Install the runtime; Settings lists what was found and how to get the rest.",
    action: "openSettings",
  },
  secret_store_unavailable: {
    severity: "warning",
    title: "No place for secrets",
    hint: "This machine has no keychain. Choose an encrypted file to keep secrets in.",
    action: "chooseStore",
  },
  secret_store_locked: {
    severity: "warning",
    title: "Secrets are locked",
    hint: "Unlock the encrypted file with its passphrase.",
    action: "unlock",
  },
  wrong_passphrase: {
    severity: "warning",
    title: "Wrong passphrase",
    hint: "Check the keyboard layout and Caps Lock.",
    action: null,
  },
  unreachable: {
    severity: "error",
    title: "Not reachable",
    hint: "Check the network and the address.",
    action: "retry",
  },
  bad_reply: {
    severity: "error",
    title: "Unexpected answer",
    hint: "The details say what was answered.",
    action: "retry",
  },
  timeout: {
    severity: "error",
    title: "Took too long",
    hint: "Try again, or raise the limit.",
    action: "retry",
  },
  cancelled: { severity: "silent", title: "Stopped", hint: null, action: null },
  shutting_down: {
    severity: "warning",
    title: "Beckon is stopping",
    hint: "Start it again.",
    action: "retry",
  },
  internal: {
    severity: "error",
    title: "A fault in Beckon",
    hint: "The log in the data directory says more.",
    action: "retry",
  },
};

/** The one place that decides how an error looks and what comes next. The panel's own hint goes first. */
export function explain(thrown: unknown): Explained {
  const error: CallError = toCallError(thrown);
  const rule = RULES[error.code];
  return {
    severity: rule.severity,
    title: rule.title,
    message: error.message,
    hint: error.hint ?? rule.hint,
    action: rule.action,
    code: error.code,
    details: error.details ?? null,
  };
}

export { type CallError, toCallError } from "./call-error";
