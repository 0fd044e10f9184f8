import { PhoneOff } from "lucide-react";
import { DeliveryTable } from "@/deliveries/DeliveryTable";
import { useDeliveriesOf } from "@/deliveries/queries";
import { MessageTable } from "@/inboxes/MessageTable";
import { useMessagesOf } from "@/inboxes/queries";
import type { Activation } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";

/** What the end of a run caused: what was delivered to others, and what came of it to inboxes here. */
export function useConsequences({ id, connection, mode }: Activation) {
  // Only runs that nobody waits for are told of.
  const told = connection === "local" && mode === "non_blocking";
  const deliveries = useDeliveriesOf(id, told);
  // Anybody may send to an inbox and name a run, a provider's too.
  const messages = useMessagesOf(id, mode !== "blocking");
  return {
    deliveries,
    messages,
    count: (deliveries.data?.length ?? 0) + (messages.data?.length ?? 0),
    failed: deliveries.data?.some(({ state }) => state === "failed" || state === "gave_up") ?? false,
  };
}

/** Said above a record whose callback was given up: why, and where it can be tried again. */
export function CallbackFailed({
  deliveries,
  onShow,
}: Pick<ReturnType<typeof useConsequences>, "deliveries"> & { onShow: () => void }) {
  const failed = deliveries.data?.find(({ purpose, state }) => purpose === "callback" && state === "gave_up");
  return (
    <div
      data-testid="callback-failed"
      className="flex shrink-0 items-center gap-2 border-b border-line px-4 py-1 text-sm"
    >
      <Badge tone="bad" icon={<PhoneOff size={12} aria-hidden />}>
        callback failed
      </Badge>
      <span className="min-w-0 truncate" title={failed?.error ?? undefined}>
        {failed?.error}
      </span>
      <Button size="sm" variant="ghost" onClick={onShow} className="ml-auto">
        Deliveries
      </Button>
    </div>
  );
}

export function DeliveriesPane({ deliveries, messages }: ReturnType<typeof useConsequences>) {
  return (
    <div data-testid="deliveries" className="min-h-0 flex-1 overflow-auto">
      {deliveries.isError && (
        <ErrorState error={deliveries.error} onRetry={() => void deliveries.refetch()} />
      )}
      {deliveries.data !== undefined && deliveries.data.length > 0 && (
        <section aria-label="Delivered">
          <DeliveryTable rows={deliveries.data} ofRun />
        </section>
      )}
      {messages.data !== undefined && messages.data.length > 0 && (
        <section aria-label="Arrived in inboxes" className="border-t border-line pt-3 first:border-t-0">
          <h3 className="px-6 text-sm font-medium text-muted">Arrived in inboxes</h3>
          <MessageTable rows={messages.data} ofRun />
        </section>
      )}
    </div>
  );
}
