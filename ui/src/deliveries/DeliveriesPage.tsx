import { Send, ShieldCheck } from "lucide-react";
import { useState } from "react";
import type { DeliveryState } from "@/platform";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { DeliveryTable } from "./DeliveryTable";
import { useDeliveries, useDeliveryRules } from "./queries";
import { RulesDialog } from "./RulesDialog";

type Shown = "all" | Extract<DeliveryState, "delivered" | "failed" | "gave_up">;

const SHOWN: ReadonlyArray<{ value: Shown; label: string }> = [
  { value: "all", label: "All" },
  { value: "delivered", label: "Delivered" },
  { value: "failed", label: "To be retried" },
  { value: "gave_up", label: "Given up" },
];

export function DeliveriesPage() {
  const [shown, setShown] = useState<Shown>("all");
  const [editing, setEditing] = useState(false);
  const deliveries = useDeliveries(shown === "all" ? null : shown);
  const rules = useDeliveryRules();
  const rows = deliveries.data?.pages.flatMap((page) => page.rows);
  return (
    <>
      <PageHeader
        title="Deliveries"
        description="What Beckon sends when a run is over: callbacks, and records to the destinations of detached runs."
        actions={
          <Button
            icon={<ShieldCheck size={14} aria-hidden />}
            disabled={rules.data === undefined}
            onClick={() => setEditing(true)}
          >
            Allowed hosts…
          </Button>
        }
      />
      <div className="px-6 pb-3">
        <Segmented label="Which deliveries" value={shown} onChange={setShown} options={SHOWN} />
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
            Call a function asynchronously with an X-Callback-Url header, or give it a destination in its settings:
            what is sent then is listed here, with every attempt.
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
