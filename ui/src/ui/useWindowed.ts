import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** Lines drawn outside the visible ones on each side. */
const OVERSCAN = 12;

interface Windowed {
  ref: RefObject<HTMLDivElement | null>;
  /** The lines to draw: from `first` up to, not including, `end`. */
  first: number;
  end: number;
  /** Height of all lines, px. */
  height: number;
  scrollTo: (index: number) => void;
}

/** Which lines of one fixed height are visible in a scrolling box. */
export function useWindowed(count: number, line: number): Windowed {
  const ref = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    // A box without layout (a hidden tab) must not shrink the window to nothing.
    const measure = () => setView({ top: box.scrollTop, height: box.clientHeight || 600 });
    measure();
    box.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => {
      box.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, []);

  const scrollTo = useCallback(
    (index: number) => {
      const box = ref.current;
      if (!box) return;
      const top = index * line;
      if (top < box.scrollTop) box.scrollTop = Math.max(0, top - line);
      else if (top + line > box.scrollTop + box.clientHeight)
        box.scrollTop = top + 2 * line - box.clientHeight;
    },
    [line],
  );

  const first = Math.max(0, Math.min(count, Math.floor(view.top / line) - OVERSCAN));
  const end = Math.min(count, Math.ceil((view.top + view.height) / line) + OVERSCAN);
  return { ref, first, end, height: count * line, scrollTo };
}
