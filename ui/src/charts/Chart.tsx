import { Table2 } from "lucide-react";
import { useId, useLayoutEffect, useRef, useState } from "react";
import { bucketAt, edge } from "@/activations/core/histogramMaths";
import { rangeText } from "@/activations/core/time";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { useColours } from "@/ui/useColours";
import { ChartTable } from "./ChartTable";
import { SWATCH, VARIABLES } from "./colours";
import { BELOW, type Drawing, draw, HEIGHT, LEFT, type Series } from "./draw";
import { moveCursor } from "./scale";
import { valueText } from "./text";

interface ChartProps extends Drawing {
  title: string;
  /** What the values are, in a few words. */
  note: string;
}

/** Values over time: a pointer or the arrow keys read them step by step, and they are there as a table. */
export function Chart({ title, note, ...drawing }: ChartProps) {
  const { from, step, unit, shape, series } = drawing;
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [cursor, setCursor] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const inks = useColours(box, VARIABLES);
  const count = series[0]?.values.length ?? 0;
  const plot = Math.max(0, width - LEFT);

  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (canvas.current && inks && width > LEFT) draw(canvas.current, drawing, width, inks);
  });

  const at = cursor !== null && cursor < count ? cursor : null;
  const when = (index: number) => rangeText(from + index * step, from + (index + 1) * step, Date.now());
  const words = (index: number) =>
    `${when(index)}: ${series.map(({ label, values }) => `${label} ${valueText(values[index], unit)}`).join(", ")}`;
  const known = series.some(({ values }) => values.some((value) => value !== null));

  return (
    <figure aria-labelledby={id} className="min-w-0 rounded-lg border border-line bg-surface px-3 pt-2 pb-2">
      <div className="mb-1 flex items-start gap-2">
        <figcaption className="min-w-0 flex-1">
          <h3 id={id} className="font-medium">
            {title}
          </h3>
          <p className="text-sm text-subtle">{note}</p>
        </figcaption>
        <IconButton
          size="sm"
          label={`${title}: ${table ? "hide" : "show"} the values as a table`}
          aria-pressed={table}
          icon={<Table2 size={14} aria-hidden />}
          onClick={() => setTable(!table)}
        />
      </div>
      <Legend series={series} shape={shape} />
      <div
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={at ?? Math.max(0, count - 1)}
        aria-valuetext={known ? words(at ?? count - 1) : "Nothing is known of this time"}
        aria-orientation="horizontal"
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const next = moveCursor(at, event.key, count);
          if (next !== null) setCursor(next);
          else if (event.key === "Escape" && at !== null) setCursor(null);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
        onBlur={() => setCursor(null)}
        onPointerMove={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
          setCursor(x < 0 || count === 0 ? null : bucketAt(x, count, plot));
        }}
        onPointerLeave={() => setCursor(null)}
        className="relative w-full rounded-sm select-none"
        style={{ height: HEIGHT }}
      >
        <canvas ref={canvas} aria-hidden className="absolute inset-0 h-full w-full" />
        {!known && (
          <p className="absolute inset-x-0 top-9 pl-13 text-center text-sm text-subtle">
            Nothing is known of this time
          </p>
        )}
        {at !== null && (
          <>
            <div
              className="pointer-events-none absolute top-0 bg-fg/8"
              style={{
                left: LEFT + edge(at, count, plot),
                width: Math.max(1, edge(at + 1, count, plot) - edge(at, count, plot)),
                height: HEIGHT - BELOW,
              }}
            />
            <div
              aria-hidden
              className="pointer-events-none absolute top-1 z-20 rounded-md border border-line bg-raised px-2 py-1 text-sm whitespace-nowrap shadow-float"
              style={
                at > count / 2
                  ? { right: plot - edge(at, count, plot) + 8 }
                  : { left: LEFT + edge(at + 1, count, plot) + 8 }
              }
            >
              <p className="text-muted">{when(at)}</p>
              {series.map(({ label, values, colour }) => (
                <p key={label} className="flex items-center gap-1.5">
                  <span className={cx("size-2 rounded-[2px]", SWATCH[colour])} />
                  <span className="flex-1">{label}</span>
                  <span className="pl-3 font-medium">{valueText(values[at], unit)}</span>
                </p>
              ))}
            </div>
          </>
        )}
      </div>
      {table && <ChartTable title={title} from={from} step={step} unit={unit} series={series} />}
    </figure>
  );
}

function Legend({ series, shape }: { series: readonly Series[]; shape: Drawing["shape"] }) {
  if (series.length < 2) return null;
  return (
    <ul className="mb-1 flex flex-wrap gap-x-3 gap-y-0.5 text-sm text-muted">
      {series.map(({ label, colour, dashed }) => (
        <li key={label} className="inline-flex items-center gap-1.5">
          {shape === "bars" ? (
            <span aria-hidden className={cx("size-2.5 rounded-[2px]", SWATCH[colour])} />
          ) : (
            <span
              aria-hidden
              className={cx(
                "w-4 border-t-2 border-current bg-transparent!",
                SWATCH[colour],
                dashed && "border-dashed",
              )}
            />
          )}
          {label}
        </li>
      ))}
    </ul>
  );
}
