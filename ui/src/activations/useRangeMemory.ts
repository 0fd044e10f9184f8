import { useRef } from "react";
import { valuesOf, withRange } from "./core/filterText";

interface Range {
  from: string | null;
  to: string | null;
}

interface RangeMemory {
  zoom: (from: string, to: string) => void;
  reset: () => void;
}

/** Zooming in on the chart, and back to the range from before; without one, to all times. */
export function useRangeMemory(text: string, setText: (text: string) => void): RangeMemory {
  const before = useRef<Range | null>(null);
  const zoomed = useRef<string | null>(null);
  const from = valuesOf(text, "from").at(-1) ?? null;
  const to = valuesOf(text, "to").at(-1) ?? null;
  return {
    zoom(start, end) {
      // Further in keeps the way all the way out.
      if (zoomed.current !== `${from} ${to}`) before.current = { from, to };
      zoomed.current = `${start} ${end}`;
      setText(withRange(text, start, end));
    },
    reset() {
      if (from === null && to === null) return;
      const back = zoomed.current === `${from} ${to}` ? before.current : null;
      zoomed.current = null;
      before.current = null;
      setText(withRange(text, back?.from ?? null, back?.to ?? null));
    },
  };
}
