import { useEffect, useState } from "react";
import { cx } from "./cx";

/** True once `ms` have passed: nothing flashes for what loads at once. */
function useLate(ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}

export function Skeleton({ rows = 4, className }: { rows?: number; className?: string }) {
  const late = useLate(150);
  return (
    <div role="status" aria-label="Loading" className={cx("flex flex-col gap-2", className)}>
      {late &&
        Array.from({ length: rows }, (_, row) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: identical bars
            key={row}
            className="h-4 rounded-sm bg-hover"
            style={{ width: `${92 - ((row * 17) % 45)}%` }}
          />
        ))}
    </div>
  );
}
