import type { DeliveryAttempt, Excerpt } from "@/platform";
import { ErrorState } from "@/ui/ErrorState";
import { formatDuration } from "@/ui/format";
import { HeaderList } from "@/ui/HeaderList";
import { HttpStatus } from "@/ui/HttpStatus";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";
import { useDelivery } from "./queries";

/** Every attempt of one delivery, and what is sent. */
export function DeliveryHistory({ id }: { id: string }) {
  const delivery = useDelivery(id);
  if (delivery.data === undefined) {
    return delivery.isError ? (
      <ErrorState error={delivery.error} onRetry={() => void delivery.refetch()} />
    ) : (
      <Skeleton rows={3} className="py-2" />
    );
  }
  const { history, headers, body } = delivery.data;
  return (
    <div className="max-w-220 py-2" data-testid="delivery-history">
      <h3 className="mb-1 font-medium">Sent</h3>
      <HeaderList label="Headers sent" headers={headers} />
      <ExcerptText excerpt={body} label="Body sent" />
      <h3 className="mt-4 mb-1 font-medium">Attempts</h3>
      {history.length === 0 ? (
        <p className="text-muted">None yet.</p>
      ) : (
        <ol className="flex flex-col gap-3">
          {history.map((attempt) => (
            <Attempt key={attempt.number} attempt={attempt} />
          ))}
        </ol>
      )}
    </div>
  );
}

function Attempt({ attempt }: { attempt: DeliveryAttempt }) {
  return (
    <li className="rounded-lg border border-line px-3 py-2">
      <p className="flex flex-wrap items-center gap-3">
        <span className="font-medium">Attempt {attempt.number}</span>
        <TimeText at={attempt.at} className="text-muted" />
        {attempt.ms !== null && <span className="text-muted">{formatDuration(attempt.ms)}</span>}
        {attempt.status !== null && <HttpStatus status={attempt.status} />}
        {attempt.status === null && attempt.error === null && (
          <span className="text-muted">{attempt.ms === null ? "No answer yet" : "Taken"}</span>
        )}
      </p>
      {attempt.error !== null && <p className="mt-1 break-words text-bad">{attempt.error}</p>}
      {attempt.hint !== null && <p className="text-muted">{attempt.hint}</p>}
      {attempt.responseHeaders.length > 0 && (
        <div className="mt-2">
          <HeaderList label="Response headers" headers={attempt.responseHeaders} />
        </div>
      )}
      {attempt.response !== null && <ExcerptText excerpt={attempt.response} label="Response" />}
    </li>
  );
}

function ExcerptText({ excerpt: { text, base64, more }, label }: { excerpt: Excerpt; label: string }) {
  if (text === "") return null;
  return (
    <figure className="mt-2">
      <figcaption className="text-sm text-muted">
        {label}
        {base64 && ", bytes as base64"}
        {more && ", its beginning"}
      </figcaption>
      <pre className="mt-0.5 max-h-40 overflow-auto rounded-md bg-inset px-2 py-1.5 font-mono text-sm break-all whitespace-pre-wrap">
        {text}
      </pre>
    </figure>
  );
}
