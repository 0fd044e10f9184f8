import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Activation } from "@/platform";
import { CopyButton } from "@/ui/CopyButton";
import { cx } from "@/ui/cx";
import { formatBytes, formatDateTime, formatDuration, formatUtc } from "@/ui/format";
import { ALL_GUARDS, guardWords } from "./guards";
import { type PartKey, parts, sentence, total } from "./timing";

const BAR: Record<PartKey, string> = {
  wait: "bg-(--bar-pending)",
  init: "bg-(--bar-application)",
  run: "bg-(--bar-success)",
  network: "bg-(--info)",
};

const CAUSE = {
  panel: "This window",
  gateway: "A client of the gateway",
  cli: "The beckon command",
  schedule: "A schedule",
  trigger: "A message",
  callback: "The end of another run",
  provider: "Somebody else at the provider",
} as const satisfies Record<Activation["cause"], string>;

const MODE = {
  blocking: "Blocking",
  non_blocking: "Asynchronous",
  promoted: "Blocking, then asynchronous past the limit",
} as const;

export function TimingPane({ activation }: { activation: Activation }) {
  const list = parts(activation);
  const all = total(list);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto p-4">
      <p>{sentence(activation)}</p>
      {all > 0 && (
        <>
          <div className="mt-3 flex h-4 max-w-180 gap-px overflow-hidden rounded-sm bg-inset" aria-hidden>
            {list.map(({ key, ms }) => (
              <div
                key={key}
                className={BAR[key]}
                style={{ width: `${(ms / all) * 100}%`, minWidth: ms > 0 ? 2 : 0 }}
              />
            ))}
          </div>
          <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1">
            {list.map(({ key, label, ms, meaning }) => (
              <div key={key} className="flex items-center gap-1.5" title={meaning}>
                <span className={cx("size-2.5 rounded-[2px]", BAR[key])} aria-hidden />
                <dt className="text-muted">{label}</dt>
                <dd>{formatDuration(ms)}</dd>
              </div>
            ))}
            <div className="flex items-center gap-1.5">
              <dt className="text-muted">Total</dt>
              <dd className="font-medium">{formatDuration(all)}</dd>
            </div>
          </dl>
        </>
      )}
      <Facts activation={activation} />
      <Isolation activation={activation} />
    </div>
  );
}

function Facts({ activation: a }: { activation: Activation }) {
  return (
    <dl className="mt-5 grid max-w-220 grid-cols-[repeat(auto-fill,minmax(300px,1fr))] gap-x-8 gap-y-1 border-t border-line pt-4">
      <Fact name="Activation id">
        <code className="truncate select-all" title={a.id}>
          {a.id}
        </code>
        <CopyButton text={a.id} label="Copy id" />
      </Fact>
      <Fact name="Started">
        <time dateTime={formatUtc(a.start)} title={formatUtc(a.start)}>
          {formatDateTime(a.start)}
        </time>
      </Fact>
      <Fact name="Ended">
        {a.end === null ? (
          "Not yet"
        ) : (
          <time dateTime={formatUtc(a.end)} title={formatUtc(a.end)}>
            {formatDateTime(a.end)}
          </time>
        )}
      </Fact>
      <Fact name="Asked for by">{CAUSE[a.cause]}</Fact>
      <Fact name="Mode">{a.cause === "provider" ? "Not known" : MODE[a.mode]}</Fact>
      <Fact name="Version">
        {a.version}
        {a.kind !== "" && <span className="text-muted"> on {a.kind}</span>}
      </Fact>
      <Fact name="Start">{a.cold === null ? "–" : a.cold ? "Cold" : "Warm"}</Fact>
      {a.attempts > 1 && <Fact name="Attempts">{a.attempts}</Fact>}
      <Fact name="Limits">
        {formatDuration(a.limits.timeoutMs)}, {a.limits.memoryMb} MB, {a.limits.logsKb} KB of logs
      </Fact>
      <Fact name="Result size">{a.result === null ? "–" : formatBytes(a.resultBytes)}</Fact>
      <Fact name="Subject">
        <code className="truncate" title={a.subject}>
          {a.subject || "–"}
        </code>
      </Fact>
      {a.rerunOf !== null && (
        <Fact name="Repeats">
          <RunLink id={a.rerunOf} />
        </Fact>
      )}
      {a.parent !== null && (
        <Fact name="Part of">
          <RunLink id={a.parent} />
        </Fact>
      )}
      {a.tokenId !== null && (
        <Fact name="Token">
          <code className="truncate" title={a.tokenId}>
            {a.tokenId}
          </code>
        </Fact>
      )}
    </dl>
  );
}

/** What kept the function in its place, and what did not. */
function Isolation({ activation: { guards } }: { activation: Activation }) {
  // A provider does not say, and a run that has not begun has none yet.
  if (guards.length === 0) return null;
  const missing = ALL_GUARDS.filter(
    (guard) => !guards.includes(guard) && guard !== "network" && guard !== "secrets",
  );
  return (
    <section aria-label="Isolation" className="mt-4 max-w-220 border-t border-line pt-3">
      <p>
        <span className="text-muted">Isolation: enforced </span>
        {guards.map((guard, at) => (
          <span key={guard}>
            {at > 0 && ", "}
            <span title={guardWords(guard).meaning || undefined}>
              {guardWords(guard).title.toLowerCase()}
            </span>
          </span>
        ))}
        {missing.length > 0 && (
          <>
            <span className="text-muted"> · not enforced </span>
            <span className="text-warn">
              {missing.map((guard) => guardWords(guard).title.toLowerCase()).join(", ")}
            </span>
          </>
        )}
      </p>
      <Link to="/engine" className="link text-sm">
        What this machine enforces
      </Link>
    </section>
  );
}

function RunLink({ id }: { id: string }) {
  return (
    <Link to="/activations" search={{ id }} className="link min-w-0 truncate font-mono text-sm" title={id}>
      {id}
    </Link>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex h-6 min-w-0 items-center gap-2">
      <dt className="w-24 shrink-0 text-muted">{name}</dt>
      <dd className="flex min-w-0 items-center gap-1">{children}</dd>
    </div>
  );
}
