import { type KeyboardEvent, useState } from "react";
import { cx } from "@/ui/cx";
import { FollowEnd } from "@/ui/FollowEnd";
import { formatBytes, formatCount } from "@/ui/format";
import { HttpStatus } from "@/ui/HttpStatus";
import { jsonProblem } from "@/ui/json";
import { useFollowEnd } from "@/ui/useFollowEnd";
import { useWindowed } from "@/ui/useWindowed";
import { BodyView } from "@/viewers/BodyView";
import { isEventStream, type StreamEvent } from "./events";
import type { LiveResponse } from "./live";

const ROW = 26;
/** Characters of an event in its row. */
const SHOWN = 400;

interface StreamPaneProps {
  live: LiveResponse;
  /** Whether more may come. */
  open: boolean;
}

/** The events of a response as they come: the newest stays in sight until a person scrolls up or chooses one. */
export function StreamPane({ live, open }: StreamPaneProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const { events } = live;
  const first = events[0]?.at ?? 0;
  const event = chosen === null ? undefined : events[chosen - first];
  return (
    <div data-testid="stream" className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-8 shrink-0 items-center gap-3 px-4 text-sm text-muted">
        <HttpStatus status={live.status} />
        <span aria-live="off">{said(live, open)}</span>
        <span className="ml-auto truncate text-subtle">
          {formatBytes(live.bytes)}
          {live.contentType !== null && ` · ${live.contentType.split(";")[0]}`}
        </span>
      </div>
      {live.enough && (
        <p role="status" className="border-t border-line bg-info-soft px-4 py-1 text-sm text-info">
          There is more than is shown while it comes. The run goes on; its record has what records keep of it.
        </p>
      )}
      {events.length === 0 ? (
        <p className="flex-1 border-t border-line px-4 py-8 text-center text-muted">
          {open ? "The response has begun; nothing has come yet." : "The response had nothing in it."}
        </p>
      ) : (
        <Rows live={live} chosen={chosen} onChoose={setChosen} />
      )}
      {event && (
        <section aria-label="Event" className="flex min-h-0 flex-1 flex-col border-t border-line">
          <EventBody key={event.at} event={event} />
        </section>
      )}
    </div>
  );
}

function said({ count, events, contentType }: LiveResponse, open: boolean): string {
  const word = isEventStream(contentType) ? "event" : "line";
  const all = `${formatCount(count)} ${count === 1 ? word : `${word}s`}`;
  const gone = count - events.length;
  const kept = gone === 0 ? all : `${all}, the last ${formatCount(events.length)} shown`;
  return open ? `${kept} so far` : kept;
}

interface RowsProps {
  live: LiveResponse;
  chosen: number | null;
  onChoose: (at: number | null) => void;
}

function Rows({ live: { events, count, contentType }, chosen, onChoose }: RowsProps) {
  const { ref, first, end, height, scrollTo } = useWindowed(events.length, ROW);
  const { following, seen, setFollowing } = useFollowEnd(ref, count);
  const start = events[0]?.at ?? 0;

  function choose(at: number) {
    setFollowing(false);
    onChoose(at);
    scrollTo(at - start);
  }

  function onKeyDown(event: KeyboardEvent) {
    const last = start + events.length - 1;
    const from = chosen ?? last + 1;
    const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: start, End: last }[event.key];
    if (to !== undefined) choose(Math.max(start, Math.min(last, to)));
    else if (event.key === "Escape" && chosen !== null) onChoose(null);
    else return;
    event.preventDefault();
  }

  return (
    <div className="relative flex min-h-20 flex-1 flex-col border-t border-line">
      <div
        ref={ref}
        role="listbox"
        aria-label={isEventStream(contentType) ? "Events" : "Lines"}
        aria-activedescendant={chosen === null ? undefined : `event-${chosen}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="min-h-0 flex-1 overflow-auto py-1 text-sm outline-offset-[-2px]"
      >
        <div className="relative" style={{ height }}>
          {events.slice(first, end).map((event, offset) => (
            <Row
              key={event.at}
              event={event}
              top={(first + offset) * ROW}
              chosen={event.at === chosen}
              onChoose={() => (event.at === chosen ? onChoose(null) : choose(event.at))}
            />
          ))}
        </div>
      </div>
      {!following && <FollowEnd fresh={count - seen} onFollow={() => setFollowing(true)} />}
    </div>
  );
}

interface RowProps {
  event: StreamEvent;
  top: number;
  chosen: boolean;
  onChoose: () => void;
}

function Row({ event, top, chosen, onChoose }: RowProps) {
  const { at, afterMs, name, id, data, cut } = event;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
    <div
      id={`event-${at}`}
      role="option"
      aria-selected={chosen}
      tabIndex={-1}
      onClick={onChoose}
      className={cx(
        "absolute inset-x-0 flex h-6.5 cursor-default items-center gap-2 px-4 whitespace-nowrap",
        chosen ? "bg-selected" : "hover:bg-hover",
      )}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span className="w-16 shrink-0 text-right text-subtle tabular-nums" title="Since the call was made">
        {since(afterMs)}
      </span>
      {name !== null && (
        <span className="max-w-40 shrink-0 truncate rounded-sm bg-inset px-1.5 font-medium">{name}</span>
      )}
      {id !== null && (
        <span className="max-w-24 shrink-0 truncate font-mono text-subtle" title={`Id ${id}`}>
          #{id}
        </span>
      )}
      <span className="min-w-0 flex-1 truncate font-mono">{data.slice(0, SHOWN).replace(/\s+/g, " ")}</span>
      {cut && <span className="shrink-0 text-warn">not ended</span>}
    </div>
  );
}

/** Milliseconds matter while it is short. */
function since(ms: number): string {
  return ms < 100_000 ? `+${(ms / 1000).toFixed(2)} s` : `+${Math.round(ms / 1000)} s`;
}

function EventBody({ event: { at, data } }: { event: StreamEvent }) {
  const json = jsonProblem(data) === null;
  return (
    <BodyView
      body={{
        form: json ? "json" : "text",
        document: json ? data : JSON.stringify(data),
        contentType: json ? "application/json" : "text/plain",
      }}
      label="Event"
      file={`event-${at + 1}.${json ? "json" : "txt"}`}
    />
  );
}
