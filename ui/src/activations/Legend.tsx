import {
  CircleCheck,
  CircleDashed,
  CircleX,
  type LucideIcon,
  OctagonAlert,
  TriangleAlert,
} from "lucide-react";
import { memo } from "react";
import type { Histogram } from "@/platform";
import { cx } from "@/ui/cx";
import { SERIES, type SeriesKey, sum } from "./core/histogramMaths";
import { SWATCH } from "./palette";

const ICON: Record<SeriesKey, LucideIcon> = {
  success: CircleCheck,
  applicationError: TriangleAlert,
  developerError: CircleX,
  systemError: OctagonAlert,
  pending: CircleDashed,
};

/** What the colours mean, with an icon and a count each. */
export const Legend = memo(function Legend({ histogram }: { histogram: Histogram | null }) {
  const totals = histogram && sum(histogram, { anchor: 0, head: histogram.buckets.length - 1 });
  return (
    <ul
      aria-label="Statuses in the chart"
      className="flex items-center gap-3 overflow-hidden text-sm text-muted"
    >
      {SERIES.map(({ key, label }) => {
        const Icon = ICON[key];
        if (key === "pending" && (totals?.pending ?? 0) === 0) return null;
        return (
          <li key={key} title={label} className="flex items-center gap-1 whitespace-nowrap">
            <span className={cx("size-2.5 rounded-[2px]", SWATCH[key])} aria-hidden />
            <Icon size={12} aria-hidden />
            <span className="max-lg:sr-only">{label}</span>
            {totals && <span className="text-subtle">{totals[key].toLocaleString("en")}</span>}
          </li>
        );
      })}
    </ul>
  );
});
