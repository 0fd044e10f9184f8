import type { ErrorCode, PanelError } from "./bindings";

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "invalid_input",
  "not_found",
  "conflict",
  "unauthorized",
  "forbidden",
  "limit_exceeded",
  "busy",
  "not_supported",
  "runtime_missing",
  "secret_store_unavailable",
  "secret_store_locked",
  "wrong_passphrase",
  "unreachable",
  "bad_reply",
  "timeout",
  "cancelled",
  "shutting_down",
  "internal",
]);

/** A panel error as something that can be thrown, with a stack. */
export class CallError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: string | undefined;

  constructor(error: PanelError) {
    super(error.message);
    this.name = "CallError";
    this.code = error.code;
    this.hint = error.hint;
    this.retryable = error.retryable;
    this.details = error.details;
  }
}

export function isPanelError(value: unknown): value is PanelError {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Record<string, unknown>;
  return (
    typeof candidate.code === "string" &&
    CODES.has(candidate.code) &&
    typeof candidate.message === "string" &&
    typeof candidate.retryable === "boolean"
  );
}

/** Anything that was thrown, as a `CallError`. What is not the panel's own error is a fault of ours. */
export function toCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  if (isPanelError(thrown)) return new CallError(thrown);
  if (thrown instanceof Error) {
    if (thrown.name === "AbortError") return cancelled();
    return new CallError({
      code: "internal",
      message: "Something went wrong in the window.",
      retryable: false,
      details: thrown.message,
    });
  }
  return new CallError({
    code: "internal",
    message: "Something went wrong in the window.",
    retryable: false,
    details: typeof thrown === "string" ? thrown : undefined,
  });
}

export function cancelled(): CallError {
  return new CallError({ code: "cancelled", message: "Stopped.", retryable: false });
}

export function unreachable(details?: string): CallError {
  return new CallError({
    code: "unreachable",
    message: "Beckon does not answer.",
    hint: "It may have been stopped. Start it again; this page continues by itself.",
    retryable: true,
    details,
  });
}

export function badReply(details: string): CallError {
  return new CallError({
    code: "bad_reply",
    message: "Beckon answered something that this page does not understand.",
    hint: "Reload the page: it may be older than the Beckon that is running.",
    retryable: false,
    details,
  });
}
