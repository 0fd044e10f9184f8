import { ArrowDownToLine, WrapText } from "lucide-react";
import { useMemo, useState } from "react";
import type { Activation, LogLine } from "@/platform";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { isPending } from "@/ui/StatusBadge";
import { useWindowed } from "@/ui/useWindowed";
import { clockTime, logText, readable, utcTime } from "./logs";
import { Segmented } from "./Segmented";

const LINE = 20;

/** Characters of a line that is not wrapped; wrapping shows all. */
const SHOWN = 4000;

/** Wrapped lines have no height that could be computed: they are drawn this many at a time. */
const CHUNK = 500;

export function LogsPane({ activation }: { activation: Activation }) {
  const [stream, setStream] = useState<"all" | "stderr">("all");
  const [wrap, setWrap] = useState(false);
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const errors = useMemo(() => activation.logs.filter((line) => line.stream === "stderr"), [activation.logs]);
  const lines = stream === "stderr" ? errors : activation.logs;
  const firstError = stream === "all" ? activation.logs.findIndex((line) => line.stream === "stderr") : -1;

  if (activation.logs.length === 0) {
    return (
      <p className="px-4 py-8 text-center text-muted">
        {isPending(activation.status)
          ? "Logs appear when the run is over."
          : activation.limits.logsKb === 0
            ? "Logs are turned off for this function (its log limit is 0)."
            : "The function wrote nothing to stdout or stderr."}
      </p>
    );
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-1 px-4">
        <Segmented
          label="Stream"
          value={stream}
          onChange={setStream}
          choices={[
            { id: "all", label: `All ${activation.logs.length}` },
            { id: "stderr", label: `stderr ${errors.length}` },
          ]}
        />
        <IconButton
          size="sm"
          label={wrap ? "Do not wrap long lines" : "Wrap long lines"}
          aria-pressed={wrap}
          className={cx(wrap && "bg-selected text-fg")}
          icon={<WrapText size={14} aria-hidden />}
          onClick={() => setWrap(!wrap)}
        />
        {firstError >= 0 && (
          <Button
            size="sm"
            variant="ghost"
            icon={<ArrowDownToLine size={14} aria-hidden />}
            onClick={() => setJump({ line: firstError })}
          >
            First stderr
          </Button>
        )}
        <span className="ml-auto" />
        <CopyButton text={() => Promise.resolve(logText(lines))} label="Copy logs" />
      </div>
      {wrap ? (
        <Wrapped key={stream} lines={lines} jump={jump} />
      ) : (
        <Straight key={stream} lines={lines} jump={jump} />
      )}
      {activation.logsTruncated && (
        <p className="flex h-7 shrink-0 items-center border-t border-line bg-warn-soft px-3 text-sm text-warn">
          Truncated: the log limit of {activation.limits.logsKb} KB was reached, later lines are missing.
        </p>
      )}
    </div>
  );
}

interface LinesProps {
  lines: readonly LogLine[];
  jump: { line: number } | null;
}

function Straight({ lines, jump }: LinesProps) {
  const { ref, first, end, height, scrollTo } = useWindowed(lines.length, LINE);
  const [done, setDone] = useState(jump);
  if (jump !== done) {
    setDone(jump);
    if (jump) queueMicrotask(() => scrollTo(jump.line));
  }
  return (
    <section
      ref={ref}
      aria-label="Log lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto py-1 font-mono text-sm outline-offset-[-2px]"
    >
      <div className="relative min-w-max" style={{ height }}>
        {lines.slice(first, end).map((line, offset) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
            key={first + offset}
            className="absolute left-0 flex h-5 min-w-full items-center px-4 whitespace-pre"
            style={{ transform: `translateY(${(first + offset) * LINE}px)` }}
          >
            <Stamp line={line} />
            <span className={cx(line.stream === "stderr" && "text-bad")}>
              {readable(line.text).slice(0, SHOWN)}
              {line.text.length > SHOWN && <span className="text-subtle"> … wrap to see all</span>}
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}

function Wrapped({ lines, jump }: LinesProps) {
  const [shown, setShown] = useState(CHUNK);
  const most = Math.max(shown, jump ? jump.line + 20 : 0);
  return (
    <section
      aria-label="Log lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto py-1 font-mono text-sm outline-offset-[-2px]"
    >
      {lines.slice(0, most).map((line, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
          key={index}
          ref={jump?.line === index ? (element) => element?.scrollIntoView({ block: "center" }) : undefined}
          className="flex items-start px-4"
        >
          <Stamp line={line} />
          <span
            className={cx("min-w-0 break-all whitespace-pre-wrap", line.stream === "stderr" && "text-bad")}
          >
            {readable(line.text)}
          </span>
        </div>
      ))}
      {lines.length > most && (
        <Button size="sm" className="m-3" onClick={() => setShown(most + CHUNK)}>
          Show {Math.min(CHUNK, lines.length - most)} more of {lines.length}
        </Button>
      )}
    </section>
  );
}

function Stamp({ line }: { line: LogLine }) {
  const error = line.stream === "stderr";
  return (
    <>
      <time className="w-26 shrink-0 text-subtle" title={utcTime(line.at_us)}>
        {clockTime(line.at_us)}
      </time>
      <span className={cx("w-16 shrink-0", error ? "font-semibold text-bad" : "text-subtle")}>
        {line.stream}
      </span>
    </>
  );
}
