import { useNavigate, useSearch } from "@tanstack/react-router";
import { RotateCw, Send, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { api, type DeliveryCounts, type DeliveryRules, type DeliveryState } from "@/platform";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { formatCount } from "@/ui/format";
import { PageHeader } from "@/ui/PageHeader";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { DeliveryTable } from "./DeliveryTable";
import { useDeliveries, useDeliveryCounts, useDeliveryRules } from "./queries";
import { RulesDialog } from "./RulesDialog";

type Shown = "all" | Extract<DeliveryState, "delivered" | "failed" | "gave_up">;

const SHOWN: ReadonlyArray<{ value: Shown; label: string; count: (counts: DeliveryCounts) => number }> = [
  {
    value: "all",
    label: "All",
    count: ({ pending, delivering, delivered, failed, gaveUp }) =>
      pending + delivering + delivered + failed + gaveUp,
  },
  { value: "delivered", label: "Delivered", count: ({ delivered }) => delivered },
  { value: "failed", label: "To be retried", count: ({ failed }) => failed },
  { value: "gave_up", label: "Given up", count: ({ gaveUp }) => gaveUp },
];

export function DeliveriesPage() {
  const { state } = useSearch({ from: "/deliveries" });
  const navigate = useNavigate();
  const shown = SHOWN.find(({ value }) => value === state)?.value ?? "all";
  const setShown = (value: Shown) =>
    void navigate({ to: "/deliveries", search: value === "all" ? {} : { state: value } });
  const [editing, setEditing] = useState(false);
  const deliveries = useDeliveries(shown === "all" ? null : shown);
  const counts = useDeliveryCounts().data;
  const rules = useDeliveryRules();
  const open = counts === undefined ? 0 : counts.failed + counts.gaveUp;
  const retryAll = useAttempt(async () => {
    try {
      const count = await api.retryFailedDeliveries();
      toast.success(
        count === 1 ? "1 delivery is tried again" : `${formatCount(count)} deliveries are tried again`,
      );
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  const rows = deliveries.data?.pages.flatMap((page) => page.rows);
  return (
    <>
      <PageHeader
        title="Deliveries"
        description="What Beckon sends when a run is over: callbacks, and records to the destinations of detached runs."
        actions={
          <>
            <Button
              icon={<RotateCw size={14} aria-hidden />}
              disabled={open === 0}
              busy={retryAll.busy}
              onClick={() => void retryAll.run()}
            >
              {open > 1 ? `Retry all ${formatCount(open)} failed` : "Retry all failed"}
            </Button>
            <Button
              icon={<ShieldCheck size={14} aria-hidden />}
              disabled={rules.data === undefined}
              onClick={() => setEditing(true)}
            >
              Rules…
            </Button>
          </>
        }
      />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-6 pb-3">
        <Segmented
          label="Which deliveries"
          value={shown}
          onChange={setShown}
          options={SHOWN.map(({ value, label, count }) => ({
            value,
            label: counts === undefined ? label : `${label} ${formatCount(count(counts))}`,
          }))}
        />
        {rules.data !== undefined && <p className="text-sm text-subtle">{rulesText(rules.data)}</p>}
      </div>
      {rows === undefined ? (
        deliveries.isError ? (
          <ErrorState error={deliveries.error} onRetry={() => void deliveries.refetch()} />
        ) : (
          <Skeleton rows={6} className="px-6 pt-2" />
        )
      ) : rows.length === 0 ? (
        shown === "all" ? (
          <EmptyState icon={<Send size={24} aria-hidden />} title="Nothing was delivered yet">
            Call a function asynchronously with an X-Callback-Url header, or give it a destination in its
            settings: what is sent then is listed here, with every attempt.
          </EmptyState>
        ) : (
          <EmptyState
            title="No delivery is in this state"
            action={<Button onClick={() => setShown("all")}>Show all</Button>}
          />
        )
      ) : (
        <>
          <DeliveryTable rows={rows} />
          {deliveries.hasNextPage && (
            <div className="px-6 py-3">
              <Button busy={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </>
      )}
      {editing && rules.data && <RulesDialog rules={rules.data} onClose={() => setEditing(false)} />}
    </>
  );
}

/** What the rules allow, in a sentence. */
function rulesText({ allowedHosts, attempts }: DeliveryRules): string {
  const hosts = allowedHosts.includes("*")
    ? "Any host is allowed"
    : allowedHosts.length === 0
      ? "Only this machine is allowed"
      : `This machine and ${allowedHosts.length === 1 ? allowedHosts[0] : `${allowedHosts.length} hosts`} are allowed`;
  return `${hosts}, ${attempts === 1 ? "1 attempt" : `up to ${attempts} attempts`} each.`;
}
