import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { InboxMessage, MatchedBy } from "@/platform";
import { Badge } from "@/ui/Badge";
import { HeaderList } from "@/ui/HeaderList";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { BodyView } from "@/viewers/BodyView";
import { extensionOf, headerOf } from "@/viewers/body";
import { useInboxes } from "./queries";

const MATCHED: Record<MatchedBy, string> = {
  inbox: "The inbox is this run's.",
  call_id: "X-Call-Id names it.",
  activation_id: "An activation id among the headers names it.",
  function_name: "A guess: the newest asynchronous run of the function that X-Function-Name names.",
};

/** Most characters of a body that a row shows. */
const EXCERPT = 200;

interface MessageTableProps {
  rows: readonly InboxMessage[];
  /** Those that arrived later are marked as new. */
  before?: number;
  /** All are of one run: the inbox is told instead. */
  ofRun?: boolean;
}

/** Requests that inboxes took, each with its headers and body on demand. */
export function MessageTable({ rows, before = Number.POSITIVE_INFINITY, ofRun = false }: MessageTableProps) {
  return (
    <Table className="table-fixed">
      <thead>
        <tr>
          <th>Request</th>
          <th className="w-36 max-lg:w-30">{ofRun ? "Inbox" : "Run"}</th>
          <th className="w-40 max-lg:w-30">Arrived</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((message) => (
          <MessageRow key={message.number} message={message} fresh={message.at > before} ofRun={ofRun} />
        ))}
      </tbody>
    </Table>
  );
}

interface MessageRowProps {
  message: InboxMessage;
  fresh: boolean;
  ofRun: boolean;
}

function MessageRow({ message, fresh, ofRun }: MessageRowProps) {
  const [open, setOpen] = useState(false);
  const { method, path, query, headers, body, document, run, matched, at } = message;
  const target = query === "" ? path : `${path}?${query}`;
  // What every message of a topic, a queue or a stream is sent with says nothing; what it carries does.
  const bare = method === "POST" && target === "/" && (body === "json" || body === "text");
  const sent = { form: body, document, contentType: headerOf(headers, "content-type") };
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <>
      <tr data-testid="inbox-message" className="[&>td]:py-1.5">
        <td>
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
            {bare ? (
              <span
                className="truncate font-mono text-sm max-lg:line-clamp-3 max-lg:whitespace-normal max-lg:wrap-anywhere"
                data-testid="excerpt"
              >
                {document.slice(0, EXCERPT)}
              </span>
            ) : (
              <>
                <strong className="font-mono text-sm font-semibold">{method}</strong>
                <span className="truncate font-mono text-sm" title={target}>
                  {target}
                </span>
              </>
            )}
          </span>
        </td>
        <td className="truncate">
          {ofRun ? <InboxLink id={message.inbox} /> : <RunLink run={run} matched={matched} />}
        </td>
        <td>
          <span className="flex flex-wrap items-center gap-x-2 whitespace-nowrap">
            <TimeText at={at} />
            {fresh && <Badge tone="info">New</Badge>}
          </span>
        </td>
      </tr>
      {open && (
        <tr className="border-t-0! hover:bg-transparent!">
          <td colSpan={3} className="pl-12!">
            <div className="max-w-220 py-2" data-testid="message-detail">
              {run !== null && matched !== null && (
                <p className="mb-2 text-muted">Matched to its run. {MATCHED[matched]}</p>
              )}
              <HeaderList label="Headers" headers={headers} />
              {body === "empty" ? (
                <p className="mt-2 text-muted">No body</p>
              ) : (
                <div className="mt-2 flex h-64 flex-col overflow-hidden rounded-md border border-line">
                  <BodyView
                    body={sent}
                    label="Body"
                    file={`message-${message.number}.${extensionOf(sent)}`}
                    testId="body"
                  />
                </div>
              )}
            </div>
          </td>
        </tr>
      )}
    </>
  );
}

function InboxLink({ id }: { id: string }) {
  const label = useInboxes().data?.find((inbox) => inbox.id === id)?.label ?? `…${id.slice(-8)}`;
  return (
    <Link to="/inboxes" search={{ id }} className="link">
      {label}
    </Link>
  );
}

function RunLink({ run, matched }: Pick<InboxMessage, "run" | "matched">) {
  return (
    <>
      {run === null ? (
        <span className="text-subtle">Not matched</span>
      ) : (
        <Link
          to="/activations"
          search={{ id: run }}
          className="link font-mono text-sm"
          title={matched === null ? run : `${run}\n${MATCHED[matched]}`}
        >
          <span className="sr-only">Record of run </span>…{run.slice(-8)}
        </Link>
      )}
      {matched === "function_name" && <span className="ml-2 text-sm text-warn">likely</span>}
    </>
  );
}
