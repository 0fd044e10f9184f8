import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronRight, RotateCw } from "lucide-react";
import { useState } from "react";
import { FunctionLink } from "@/engine/FunctionLink";
import { useInboxes } from "@/inboxes/queries";
import { api, type DeliverySummary } from "@/platform";
import { announce } from "@/ui/announce";
import { Badge } from "@/ui/Badge";
import { CopyButton } from "@/ui/CopyButton";
import { cx } from "@/ui/cx";
import { formatCount } from "@/ui/format";
import { HttpStatus } from "@/ui/HttpStatus";
import { IconButton } from "@/ui/IconButton";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { DeliveryHistory } from "./DeliveryHistory";
import { KIND, PURPOSE, STATE } from "./words";

/** Where there is no room for it: the history has it too, or a title. */
const WIDE = "@max-4xl:hidden";

/** Deliveries, each with its history on demand. */
export function DeliveryTable({
  rows,
  ofRun = false,
}: {
  rows: readonly DeliverySummary[];
  ofRun?: boolean;
}) {
  return (
    <div className="@container">
      <Table className="table-fixed">
        <thead>
          <tr>
            <th className="w-38 @max-4xl:w-36">State</th>
            <th>Target</th>
            {!ofRun && <th className="w-44 @max-4xl:w-28">Run</th>}
            <th className={cx("w-20 text-right!", WIDE)}>Attempts</th>
            <th className="w-56 @max-4xl:w-34">Last answer</th>
            <th className={cx("w-24", WIDE)}>Made</th>
            <th className="w-16">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <DeliveryRow key={row.id} row={row} ofRun={ofRun} />
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function DeliveryRow({ row, ofRun }: { row: DeliverySummary; ofRun: boolean }) {
  const [open, setOpen] = useState(false);
  const { word, icon: Icon, tone, meaning } = STATE[row.state];
  const Chevron = open ? ChevronDown : ChevronRight;
  // The name of an inbox says more than its URL.
  const inbox = useInboxes().data?.find(({ url }) => url !== null && row.target.startsWith(url));
  const retry = useAttempt(async () => {
    try {
      await api.retryDelivery({ id: row.id });
      announce("Another attempt begins");
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  return (
    <>
      <tr data-testid="delivery-row" className="[&>td]:py-1.5">
        <td className="whitespace-nowrap">
          <span className="flex items-center gap-1.5">
            <button
              type="button"
              aria-expanded={open}
              aria-label={`History of the delivery to ${row.target}`}
              onClick={() => setOpen(!open)}
              className="inline-flex size-6 items-center justify-center rounded-sm text-subtle hover:bg-hover hover:text-fg"
            >
              <Chevron size={14} aria-hidden />
            </button>
            <Badge tone={tone} title={meaning} icon={<Icon size={13} aria-hidden />}>
              {word}
            </Badge>
          </span>
        </td>
        <td>
          <span className="flex items-center gap-1">
            {inbox === undefined ? (
              <span
                className="line-clamp-2 font-mono text-sm wrap-anywhere @max-4xl:line-clamp-4"
                title={row.target}
              >
                {row.target}
              </span>
            ) : (
              <Link
                to="/inboxes"
                search={{ id: inbox.id }}
                title={row.target}
                className="truncate leading-6 hover:underline"
              >
                Inbox “{inbox.label}”
              </Link>
            )}
            <CopyButton text={row.target} label="Copy target" />
          </span>
          <p className="truncate text-sm text-subtle">
            {KIND[row.kind]}, {PURPOSE[row.purpose].toLowerCase()}
          </p>
        </td>
        {!ofRun && (
          <td>
            <FunctionLink of={row.function} namespaceClassName={WIDE} />
            <Link
              to="/activations"
              search={{ id: row.run }}
              className="link block w-fit font-mono text-sm leading-6"
              title={row.run}
            >
              <span className="sr-only">Record of run </span>…{row.run.slice(-8)}
            </Link>
          </td>
        )}
        <td className={cx("text-right", WIDE)}>{formatCount(row.attempts)}</td>
        <td>
          {row.status !== null && <HttpStatus status={row.status} />}
          {row.error !== null && (
            <p className="line-clamp-3 text-sm break-words text-bad" title={row.error}>
              {row.error}
            </p>
          )}
          {row.due !== null && (
            <p className="text-sm text-subtle">
              next <TimeText at={row.due} />
            </p>
          )}
          {row.status === null && row.error === null && row.due === null && (
            <span className="text-subtle">–</span>
          )}
        </td>
        <td className={cx("whitespace-nowrap", WIDE)}>
          <TimeText at={row.created} />
        </td>
        <td className="text-right">
          <IconButton
            size="sm"
            label={`${row.state === "delivered" ? "Send again" : "Retry"}: ${row.target}`}
            disabled={retry.busy || row.state === "delivering" || row.state === "pending"}
            icon={<RotateCw size={14} aria-hidden />}
            onClick={() => void retry.run()}
          />
        </td>
      </tr>
      {open && (
        <tr className="border-t-0! hover:bg-transparent!">
          {/* Over those columns that are always there: one more would bring the others back. */}
          <td colSpan={ofRun ? 4 : 5} className="pl-12!">
            <DeliveryHistory id={row.id} />
          </td>
        </tr>
      )}
    </>
  );
}
