import { type ReactNode, useEffect, useRef } from "react";

/** Scrolls what has just appeared into sight: the form may be longer than the window. */
export function IntoView({ when, children }: { when: unknown; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `when` is what makes it appear
  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" });
  }, [when]);
  return (
    <div ref={place} className="flex scroll-mb-5 flex-col gap-2">
      {children}
    </div>
  );
}
