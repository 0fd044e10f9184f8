import { useEffect, useState } from "react";

/** Milliseconds since `start`, growing while `active`. */
export function useElapsed(start: number, active: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [active]);
  return Math.max(0, now - start);
}
