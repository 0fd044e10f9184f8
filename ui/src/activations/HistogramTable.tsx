import { memo } from "react";
import type { Histogram } from "@/platform";
import { SERIES, totalOf } from "./core/histogramMaths";
import { fullLocal } from "./core/time";

/** The bars for people who do not see them. */
export const HistogramTable = memo(function HistogramTable({ histogram }: { histogram: Histogram }) {
  return (
    <div className="sr-only">
      <table>
        <caption>Runs over time, periods without runs left out</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {SERIES.map(({ key, label }) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {histogram.buckets.map((bucket, index) => {
            const from = histogram.from + index * histogram.step;
            if (totalOf(bucket) === 0) return null;
            return (
              <tr key={from}>
                <th scope="row">{fullLocal(from)}</th>
                {SERIES.map(({ key }) => (
                  <td key={key}>{bucket[key]}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
});
