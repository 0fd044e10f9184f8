type Listener = () => void;

let ended = false;
const listeners = new Set<Listener>();

/** Called by the HTTP transport on 401: the cookie is gone and no call can succeed any more. */
export function endSession(): void {
  if (ended) return;
  ended = true;
  for (const listener of listeners) listener();
}

export function sessionEnded(): boolean {
  return ended;
}

export function onSessionEnd(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** For tests. */
export function resumeSession(): void {
  ended = false;
}
