import { useSyncExternalStore } from "react";
import { formatDateTime, formatRelative, formatUtc } from "./format";
import { Tooltip } from "./Tooltip";

// One timer for every time on the page.
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** The time now, to ten seconds, re-rendering as it passes. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

interface TimeTextProps {
  /** Milliseconds since the Unix epoch. */
  at: number;
  className?: string;
}

/** A relative time; the tooltip has the local and the UTC one. */
export function TimeText({ at, className }: TimeTextProps) {
  // What happened since the last tick is not in the future.
  const base = Math.max(useNow(), at <= Date.now() ? at : 0);
  return (
    <Tooltip
      text={
        <span>
          {formatDateTime(at)}
          <br />
          <span className="font-mono text-xs text-muted">{formatUtc(at)}</span>
        </span>
      }
    >
      <time dateTime={formatUtc(at)} className={className}>
        {formatRelative(at, base)}
      </time>
    </Tooltip>
  );
}
