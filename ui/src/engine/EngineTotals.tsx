import type { EngineStatus } from "@/platform";
import { formatBytes, formatCount } from "@/ui/format";

/** A share as people say it; without a whole there is none. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (part / whole) * 100;
  return percent > 0 && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
}

export function EngineTotals({ engine }: { engine: EngineStatus }) {
  const { workers, running, queued, total, cold, memory, memoryCap, stemCells } = engine;
  const figures: [string, string, string?][] = [
    ["Workers", formatCount(workers.length)],
    ["Memory", formatBytes(memory), `of ${formatBytes(memoryCap)} at most`],
    ["Stem cells", formatCount(stemCells)],
    ["Running", formatCount(running)],
    ["Queued", formatCount(queued)],
    ["Runs since start", formatCount(total)],
    ["Cold starts", formatCount(cold), total === 0 ? undefined : `${shareText(cold, total)} of the runs`],
    ["Warm", formatCount(total - cold)],
  ];
  return (
    <dl className="flex flex-wrap gap-x-10 gap-y-3 px-6 pt-1 pb-5" data-testid="engine-totals">
      {figures.map(([label, value, note]) => (
        <div key={label}>
          <dt className="text-sm text-muted">{label}</dt>
          <dd className="text-xl font-semibold">
            {value}
            {note !== undefined && <span className="ml-2 text-sm font-normal text-muted">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
