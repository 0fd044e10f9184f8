import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { InboxMessage, InboxView, MatchedBy } from "@/platform";
import { JsonView } from "@/record/json/JsonView";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { formatBytes } from "@/ui/format";
import { HeaderList } from "@/ui/HeaderList";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { useMessages } from "./queries";

const MATCHED: Record<MatchedBy, string> = {
  inbox: "The inbox is this run's.",
  call_id: "X-Call-Id names it.",
  activation_id: "An activation id among the headers names it.",
  function_name: "A guess: the newest asynchronous run of the function that X-Function-Name names.",
};

export function Messages({ inbox }: { inbox: InboxView }) {
  const messages = useMessages(inbox.id);
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
      <Table>
        <thead>
          <tr>
            <th>Request</th>
            <th>Run</th>
            <th className="text-right!">Size</th>
            <th>Arrived</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((message) => (
            <MessageRow key={message.number} message={message} />
          ))}
        </tbody>
      </Table>
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

function MessageRow({ message }: { message: InboxMessage }) {
  const [open, setOpen] = useState(false);
  const { method, path, query, headers, body, document, bytes, run, matched, at } = message;
  const target = query === "" ? path : `${path}?${query}`;
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <>
      <tr data-testid="inbox-message">
        <td className="max-w-96">
          <span className="flex items-center gap-1.5">
            <button
              type="button"
              aria-expanded={open}
              aria-label={`Show ${method} ${target}`}
              onClick={() => setOpen(!open)}
              className="inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-subtle hover:bg-hover hover:text-fg"
            >
              <Chevron size={14} aria-hidden />
            </button>
            <strong className="font-mono text-sm font-semibold">{method}</strong>
            <span className="truncate font-mono text-sm" title={target}>
              {target}
            </span>
          </span>
        </td>
        <td className="whitespace-nowrap">
          {run === null ? (
            <span className="text-subtle">Not matched</span>
          ) : (
            <Link
              to="/activations"
              search={{ id: run }}
              className="link font-mono text-sm"
              title={matched === null ? run : `${run}\n${MATCHED[matched]}`}
              aria-label={`Record of run ${run}`}
            >
              …{run.slice(-8)}
            </Link>
          )}
          {matched === "function_name" && <span className="ml-2 text-sm text-warn">likely</span>}
        </td>
        <td className="text-right whitespace-nowrap">{formatBytes(bytes)}</td>
        <td className="whitespace-nowrap">
          <TimeText at={at} />
        </td>
      </tr>
      {open && (
        <tr className="border-t-0! hover:bg-transparent!">
          <td colSpan={4} className="pl-12!">
            <div className="max-w-220 py-2" data-testid="message-detail">
              {run !== null && matched !== null && (
                <p className="mb-2 text-muted">Matched to its run. {MATCHED[matched]}</p>
              )}
              <HeaderList label="Headers" headers={headers} />
              {body === "empty" ? (
                <p className="mt-2 text-muted">No body</p>
              ) : (
                <div className="mt-2 flex h-64 flex-col rounded-md border border-line">
                  <JsonView text={document} label={body === "base64" ? "Body as base64" : "Body"} testId="body" />
                </div>
              )}
            </div>
          </td>
        </tr>
      )}
    </>
  );
}
