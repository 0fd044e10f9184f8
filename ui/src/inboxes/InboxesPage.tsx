import { useNavigate, useSearch } from "@tanstack/react-router";
import { Inbox, Plus } from "lucide-react";
import { useState } from "react";
import { useShell } from "@/app/ui-state";
import { api, type InboxKind, type InboxView } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { CopyButton } from "@/ui/CopyButton";
import { cx } from "@/ui/cx";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { formatCount } from "@/ui/format";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { TimeText } from "@/ui/TimeText";
import { InboxDialog } from "./InboxDialog";
import { Messages } from "./Messages";
import { useInboxes } from "./queries";
import { isNew, useSeen } from "./seen";

const KIND: Record<InboxKind, string> = {
  callback: "Callback inbox",
  notification: "Notification topic",
  queue: "Queue",
  stream: "Stream",
};

export function InboxesPage() {
  const inboxes = useInboxes();
  const { id } = useSearch({ from: "/inboxes" });
  const navigate = useNavigate();
  const open = useShell((shell) => shell.show);
  const show = (inbox: string) => void navigate({ to: "/inboxes", search: { id: inbox } });
  const chosen = inboxes.data?.find((inbox) => inbox.id === id) ?? inboxes.data?.[0];
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      onClick={() => open({ type: "new-inbox" })}
    >
      New inbox
    </Button>
  );
  const empty = inboxes.data?.length === 0;
  return (
    <div className="flex min-h-full flex-col">
      <PageHeader
        title="Inboxes"
        description="URLs on this machine that take any callback, show what came, and find the run that it belongs to."
        actions={empty ? undefined : create}
      />
      {inboxes.data === undefined ? (
        inboxes.isError ? (
          <ErrorState error={inboxes.error} onRetry={() => void inboxes.refetch()} />
        ) : (
          <Skeleton rows={4} className="px-6 pt-4" />
        )
      ) : chosen === undefined ? (
        <EmptyState icon={<Inbox size={24} aria-hidden />} title="There is no inbox yet" action={create}>
          Make one and give its URL to a function, a provider or a webhook. The topics, queues and streams
          that records are delivered to appear here by themselves.
        </EmptyState>
      ) : (
        <div className="flex flex-1 border-t border-line">
          <nav
            aria-label="Inboxes"
            className="flex w-72 shrink-0 max-lg:w-56 flex-col gap-px border-r border-line p-2"
          >
            {inboxes.data.map((inbox) => (
              <InboxItem
                key={inbox.id}
                inbox={inbox}
                current={inbox.id === chosen.id}
                onShow={() => show(inbox.id)}
              />
            ))}
          </nav>
          <section key={chosen.id} aria-label={chosen.label} className="min-w-0 flex-1">
            <InboxHead inbox={chosen} />
            <Messages inbox={chosen} />
          </section>
        </div>
      )}
    </div>
  );
}

function InboxItem({ inbox, current, onShow }: { inbox: InboxView; current: boolean; onShow: () => void }) {
  const fresh = useSeen((seen) => isNew(inbox, seen.until[inbox.id]));
  return (
    <button
      type="button"
      onClick={onShow}
      aria-current={current ? "page" : undefined}
      className={cx("rounded-md px-2 py-1.5 text-left", current ? "bg-selected" : "hover:bg-hover")}
    >
      <span className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate font-medium">{inbox.label}</span>
        {fresh && !current && <Badge tone="info">New</Badge>}
        <span className="text-sm text-muted">
          {formatCount(inbox.messages)}
          <span className="sr-only"> {inbox.messages === 1 ? "message" : "messages"}</span>
        </span>
      </span>
      <span className="block text-sm text-subtle">
        {KIND[inbox.kind]}
        {inbox.newest !== null && (
          <>
            , last <TimeText at={inbox.newest} />
          </>
        )}
      </span>
    </button>
  );
}

function InboxHead({ inbox }: { inbox: InboxView }) {
  const [asked, setAsked] = useState<"clear" | "delete" | null>(null);
  const [editing, setEditing] = useState(false);
  return (
    <div className="border-b border-line px-6 py-3">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 flex-1 truncate text-lg font-semibold">{inbox.label}</h2>
        {inbox.kind === "callback" && (
          <Button size="sm" onClick={() => setEditing(true)}>
            Edit…
          </Button>
        )}
        <Button size="sm" disabled={inbox.messages === 0} onClick={() => setAsked("clear")}>
          Clear…
        </Button>
        <Button size="sm" variant="danger-quiet" onClick={() => setAsked("delete")}>
          Delete…
        </Button>
      </div>
      {inbox.url !== null ? (
        <p className="mt-1 flex items-center gap-1">
          <span className="truncate font-mono text-sm" title={inbox.url}>
            {inbox.url}
          </span>
          <CopyButton text={inbox.url} label="Copy URL" />
        </p>
      ) : (
        <p className="mt-1 text-muted">
          {inbox.kind === "callback"
            ? "The gateway is not served, so nothing can reach it now."
            : "Stands for a destination of this name: what is delivered to it arrives here."}
        </p>
      )}
      {inbox.kind === "callback" && (
        <p className="text-sm text-subtle">Senders are answered with {inbox.answer}.</p>
      )}
      {editing && (
        <InboxDialog
          title={`Edit “${inbox.label}”`}
          action="Save"
          inbox={inbox}
          onClose={() => setEditing(false)}
          onSave={async (label, answer) => {
            await api.changeInbox({ id: inbox.id, label, answer });
            setEditing(false);
          }}
        />
      )}
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={() => setAsked(null)}
        title={asked === "delete" ? `Delete “${inbox.label}”?` : `Clear “${inbox.label}”?`}
        action={asked === "delete" ? "Delete inbox" : "Clear inbox"}
        onConfirm={() =>
          asked === "delete" ? api.deleteInbox({ id: inbox.id }) : api.clearInbox({ id: inbox.id })
        }
      >
        {asked === "delete"
          ? "Its URL stops answering, and everything in it goes. This cannot be undone."
          : "Everything that arrived in it goes; its URL stays. This cannot be undone."}
      </ConfirmDialog>
    </div>
  );
}
