import { useEffect, useState } from "react";
import type { InboxView } from "@/platform";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { MessageTable } from "./MessageTable";
import { useMessages } from "./queries";
import { useSeen } from "./seen";

/** What arrived in an inbox; `inbox` is the same one for the life of the component. */
export function Messages({ inbox }: { inbox: InboxView }) {
  const messages = useMessages(inbox.id);
  // What was there at the last visit; what is newer is marked for this one.
  const [before] = useState(() => useSeen.getState().until[inbox.id] ?? 0);
  const see = useSeen((seen) => seen.see);
  const newest = messages.data?.pages[0]?.rows[0]?.at;
  useEffect(() => {
    if (newest !== undefined) see(inbox.id, newest);
  }, [see, inbox.id, newest]);
  if (messages.data === undefined) {
    return messages.isError ? (
      <ErrorState error={messages.error} onRetry={() => void messages.refetch()} />
    ) : (
      <Skeleton rows={4} className="px-6 pt-4" />
    );
  }
  const rows = messages.data.pages.flatMap((page) => page.rows);
  if (rows.length === 0) {
    return (
      <p className="px-6 py-4 text-muted">
        Nothing has arrived.{" "}
        {inbox.url !== null && "Give its URL, or any path below it, to whatever should call back."}
      </p>
    );
  }
  return (
    <>
      <MessageTable rows={rows} before={before} />
      {messages.hasNextPage && (
        <div className="px-6 py-3">
          <Button busy={messages.isFetchingNextPage} onClick={() => void messages.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
