import { useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api } from "@/platform";

/** What an expression of a provider means; nothing where only the provider can read it. */
export function CronWords({ cron }: { cron: string }) {
  const { data } = useQuery({
    queryKey: keys.cronWords(cron),
    queryFn: ({ signal }) => api.previewSchedule({ expression: cron, zone: "UTC", count: 1 }, signal),
    retry: false,
  });
  return data === undefined ? null : <span className="block text-sm text-muted">{data.words}</span>;
}
