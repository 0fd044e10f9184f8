import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Histogram } from "@/platform";
import { cx } from "@/ui/cx";
import { bucketAt, edge, inWords, moveCursor, ordered, rangeOf, type Span, sum } from "./core/histogramMaths";
import { rangeText } from "./core/time";
import { BARS_HEIGHT, drawHistogram, LABELS_HEIGHT } from "./drawHistogram";
import { HistogramTable } from "./HistogramTable";
import { usePalette } from "./palette";

interface HistogramChartProps {
  histogram: Histogram | null;
  stale: boolean;
  /** Instants of the chosen stretch. */
  onSelect: (from: number, to: number) => void;
  onReset: () => void;
}

/** When the runs of the filter were: drag over a stretch, or arrows and Enter, to see only that. */
export function HistogramChart({ histogram, stale, onSelect, onReset }: HistogramChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [hover, setHover] = useState<number | null>(null);
  const [span, setSpan] = useState<Span | null>(null);
  const dragging = useRef(false);
  const palette = usePalette(box);
  const count = histogram?.buckets.length ?? 0;

  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (canvas.current && histogram && width > 0) drawHistogram(canvas.current, histogram, width, palette);
  }, [histogram, width, palette]);

  // Other buckets: places in the old ones mean nothing.
  const shape = histogram ? `${histogram.step} ${count}` : "";
  useEffect(() => {
    if (shape !== "" && !dragging.current) setSpan(null);
  }, [shape]);

  const under = (event: PointerEvent<HTMLDivElement>) =>
    bucketAt(event.clientX - event.currentTarget.getBoundingClientRect().left, count, width);

  function apply(chosen: Span) {
    if (!histogram) return;
    const { from, to } = rangeOf(histogram, chosen);
    setSpan(null);
    onSelect(from, to);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moveCursor(span?.head ?? null, event.key, count);
    if (next !== null) setSpan({ anchor: event.shiftKey && span ? span.anchor : next, head: next });
    else if ((event.key === "Enter" || event.key === " ") && span) apply(span);
    else if (event.key === "Escape" && span) setSpan(null);
    else if (event.key === "Escape") onReset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const words = useMemo(() => {
    if (!histogram || count === 0) return "No runs";
    if (!span)
      return `${inWords(sum(histogram, { anchor: 0, head: count - 1 }))}. Arrow keys move through time.`;
    return describe(histogram, span);
  }, [histogram, span, count]);

  const pointed = hover !== null && hover < count ? hover : null;
  const tip =
    histogram &&
    (dragging.current && span ? span : pointed === null ? null : { anchor: pointed, head: pointed });
  const at = (index: number) => edge(index, count, width);

  return (
    <div className={cx("relative", stale && "opacity-60")}>
      <div
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label="Runs over time"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={span?.head ?? 0}
        aria-valuetext={words}
        aria-orientation="horizontal"
        title=""
        data-testid="histogram"
        onKeyDown={onKeyDown}
        onBlur={() => !dragging.current && setSpan(null)}
        onPointerDown={(event) => {
          if (event.button !== 0 || count === 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          dragging.current = true;
          const index = under(event);
          setSpan({ anchor: index, head: index });
        }}
        onPointerMove={(event) => {
          if (count === 0) return;
          const index = under(event);
          setHover(index);
          if (dragging.current) setSpan((now) => (now ? { anchor: now.anchor, head: index } : now));
        }}
        onPointerLeave={() => setHover(null)}
        onPointerCancel={() => {
          dragging.current = false;
          setSpan(null);
        }}
        onPointerUp={() => {
          if (!dragging.current) return;
          dragging.current = false;
          // A click is not a stretch: it leaves the cursor there.
          if (span && span.anchor !== span.head) apply(span);
        }}
        onDoubleClick={() => {
          setSpan(null);
          onReset();
        }}
        className="relative w-full touch-none rounded-sm select-none"
        style={{ height: BARS_HEIGHT + LABELS_HEIGHT }}
      >
        <canvas ref={canvas} aria-hidden className="absolute inset-0 h-full w-full" />
        {pointed !== null && (
          <div
            className="pointer-events-none absolute top-0 bg-fg/10"
            style={{ left: at(pointed), width: at(pointed + 1) - at(pointed), height: BARS_HEIGHT }}
          />
        )}
        {span && (
          <div
            className="pointer-events-none absolute top-0 border-x border-ring bg-ring/20"
            style={{
              left: at(ordered(span)[0]),
              width: at(ordered(span)[1] + 1) - at(ordered(span)[0]),
              height: BARS_HEIGHT,
            }}
          />
        )}
      </div>
      {histogram && (tip ?? span) && (
        <Tip
          histogram={histogram}
          span={(tip ?? span) as Span}
          width={width}
          keyboard={span !== null && !dragging.current}
        />
      )}
      <div role="status" className="sr-only">
        {span && words}
      </div>
      {histogram && <HistogramTable histogram={histogram} />}
    </div>
  );
}

function describe(histogram: Histogram, span: Span): string {
  const { from, to } = rangeOf(histogram, span);
  const now = Date.now();
  return `${rangeText(from, to, now)}, ${inWords(sum(histogram, span))}`;
}

function Tip({
  histogram,
  span,
  width,
  keyboard,
}: {
  histogram: Histogram;
  span: Span;
  width: number;
  keyboard: boolean;
}) {
  const { from, to } = rangeOf(histogram, span);
  const now = Date.now();
  const middle =
    (edge(ordered(span)[0], histogram.buckets.length, width) +
      edge(ordered(span)[1] + 1, histogram.buckets.length, width)) /
    2;
  const right = middle > width / 2;
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute top-full z-20 rounded-md border border-line bg-raised px-2 py-1 text-sm whitespace-nowrap shadow-float"
      style={right ? { right: Math.max(0, width - middle - 40) } : { left: Math.max(0, middle - 40) }}
    >
      <span className="text-muted">{rangeText(from, to, now)}</span> {inWords(sum(histogram, span))}
      {keyboard && <span className="text-subtle"> · Enter zooms, Esc resets</span>}
    </div>
  );
}
