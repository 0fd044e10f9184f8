import { useQuery } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { api } from "@/platform";
import { explain } from "@/platform/errors";
import { formatRelative } from "@/ui/format";
import { useNow } from "@/ui/TimeText";
import { localTimeText } from "./schedule-form";

/** What an expression means, and its next times, as it is typed. */
export function SchedulePreview({ expression, zone }: { expression: string; zone: string }) {
  const now = useNow();
  const typed = useSettled(`${expression}\n${zone}`, 250);
  const preview = useQuery({
    queryKey: ["schedule-preview", typed],
    queryFn: ({ signal }) => {
      const [text = "", name = ""] = typed.split("\n");
      return api.previewSchedule({ expression: text, zone: name, count: 3 }, signal);
    },
    enabled: expression.trim() !== "",
    retry: false,
    gcTime: 0,
    placeholderData: (before) => before,
  });

  return (
    <div className="min-h-26 rounded-md bg-inset px-3 py-2" aria-live="polite" data-testid="schedule-preview">
      {expression.trim() === "" ? (
        <p className="text-muted">Write an expression to see when it runs.</p>
      ) : preview.isError ? (
        <p className="flex items-start gap-1.5 text-bad">
          <CircleAlert size={14} className="mt-0.5 shrink-0" aria-hidden />
          {explain(preview.error).message}
        </p>
      ) : preview.data ? (
        <>
          <p className="font-medium">{preview.data.words}</p>
          {preview.data.times.length === 0 ? (
            <p className="text-warn">It has no more times.</p>
          ) : (
            <ol className="mt-1 grid w-fit grid-cols-[auto_auto] gap-x-4 text-muted">
              {preview.data.times.map(({ at, local }) => (
                <li key={at} className="col-span-2 grid grid-cols-subgrid tabular-nums">
                  <span>{localTimeText(local)}</span>
                  <span className="text-subtle">{formatRelative(at, now)}</span>
                </li>
              ))}
            </ol>
          )}
        </>
      ) : null}
    </div>
  );
}

/** A value once it has not changed for `ms`. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
