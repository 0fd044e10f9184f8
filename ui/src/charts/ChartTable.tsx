import { fullLocal } from "@/activations/core/time";
import type { Series } from "./draw";
import type { Unit } from "./scale";
import { valueText } from "./text";

interface ChartTableProps {
  title: string;
  from: number;
  step: number;
  unit: Unit;
  series: readonly Series[];
}

/** The values of a chart, newest first; steps in which nothing is known or happened are left out. */
export function ChartTable({ title, from, step, unit, series }: ChartTableProps) {
  const count = series[0]?.values.length ?? 0;
  const steps = Array.from({ length: count }, (_, at) => count - 1 - at).filter((at) =>
    series.some(({ values }) => (values[at] ?? 0) !== 0),
  );
  if (steps.length === 0) return <p className="py-1 text-sm text-muted">No values.</p>;
  return (
    <section
      aria-label={`${title} as a table`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      className="mt-2 max-h-56 overflow-auto"
    >
      <table className="w-full text-sm">
        <thead>
          <tr className="text-left text-muted">
            <th scope="col" className="py-0.5 pr-3 font-normal">
              From
            </th>
            {series.map(({ label }) => (
              <th key={label} scope="col" className="py-0.5 pl-3 text-right font-normal">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((at) => (
            <tr key={at} className="border-t border-line">
              <th scope="row" className="py-0.5 pr-3 text-left font-normal whitespace-nowrap">
                {fullLocal(from + at * step).slice(0, -4)}
              </th>
              {series.map(({ label, values }) => (
                <td key={label} className="py-0.5 pl-3 text-right">
                  {valueText(values[at], unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
