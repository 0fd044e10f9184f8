import { Eraser, Pause, Play, Radio, RotateCw } from "lucide-react";
import type { RefObject } from "react";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Input, Select } from "@/ui/Field";
import { formatCount } from "@/ui/format";
import { IconButton } from "@/ui/IconButton";
import { Tooltip } from "@/ui/Tooltip";
import { type KeptLine, type KeptLog, shortInstance, textOf } from "./kept";
import type { LogAsk } from "./useFunctionLog";

const TAILS = [100, 500, 1000];

/** How far back lines are asked for, in minutes. */
const TIMES = new Map([
  [5, "Last 5 minutes"],
  [15, "Last 15 minutes"],
  [60, "Last hour"],
  [24 * 60, "Last 24 hours"],
]);

interface LogToolbarProps {
  ask: LogAsk;
  onAsk: (change: Partial<LogAsk>) => void;
  /** What is known to have written: replicas, or on some servers runs. */
  instances: readonly string[];
  following: boolean;
  onFollow: () => void;
  held: boolean;
  /** Lines that came while it was held. */
  waiting: number;
  onPause: () => void;
  filter: string;
  onFilter: (filter: string) => void;
  search: RefObject<HTMLInputElement | null>;
  log: KeptLog;
  /** The lines of it that the filter lets through. */
  lines: readonly KeptLine[];
  onClear: () => void;
  onRead: () => void;
}

export function LogToolbar(props: LogToolbarProps) {
  const { ask, onAsk, instances, following, held, waiting, filter, log, lines } = props;
  return (
    <div
      role="toolbar"
      aria-label="Log"
      className="flex min-h-10 shrink-0 flex-wrap items-center gap-1.5 px-4 py-1"
    >
      <Select
        aria-label="Lines from before"
        className="max-w-36"
        value={ask.tail}
        onChange={(event) => onAsk({ tail: Number(event.target.value) })}
      >
        {TAILS.map((each) => (
          <option key={each} value={each}>
            Last {formatCount(each)} lines
          </option>
        ))}
      </Select>
      <Select
        aria-label="Written within"
        className="max-w-36"
        value={ask.minutes ?? ""}
        onChange={(event) => onAsk({ minutes: Number(event.target.value) || null })}
      >
        <option value="">At any time</option>
        {[...TIMES].map(([minutes, text]) => (
          <option key={minutes} value={minutes}>
            {text}
          </option>
        ))}
      </Select>
      {(instances.length > 1 || ask.instance !== null) && (
        <Select
          aria-label="Instance"
          className="max-w-40"
          value={ask.instance ?? ""}
          onChange={(event) => onAsk({ instance: event.target.value || null })}
        >
          <option value="">All instances</option>
          {(ask.instance === null || instances.includes(ask.instance)
            ? instances
            : [ask.instance, ...instances]
          ).map((each) => (
            <option key={each} value={each}>
              {shortInstance(each)}
            </option>
          ))}
        </Select>
      )}
      <Tooltip
        text={following ? "New lines appear as they come." : "Reads again, and goes on with new lines."}
      >
        <Button
          variant="ghost"
          aria-pressed={following}
          onClick={props.onFollow}
          icon={<Radio size={14} aria-hidden className={following && !held ? "text-ok" : "text-subtle"} />}
        >
          Follow
        </Button>
      </Tooltip>
      {following ? (
        <Button
          variant="ghost"
          onClick={props.onPause}
          icon={held ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
        >
          {!held ? "Pause" : waiting > 0 ? `Resume (${formatCount(waiting)} new)` : "Resume"}
        </Button>
      ) : (
        <IconButton label="Read again" icon={<RotateCw size={14} aria-hidden />} onClick={props.onRead} />
      )}
      <Input
        ref={props.search}
        type="search"
        aria-label="Filter lines"
        placeholder="Filter lines"
        className="max-w-56 min-w-24 flex-[1_1_6rem] [&::-webkit-search-cancel-button]:hidden"
        value={filter}
        onChange={(event) => props.onFilter(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && filter !== "") props.onFilter("");
        }}
      />
      <span className="ml-auto truncate text-sm text-subtle" data-testid="log-count">
        {said(log, lines.length, filter)}
      </span>
      <CopyButton
        text={() => Promise.resolve(textOf(lines))}
        label={filter.trim() === "" ? "Copy all lines" : "Copy the lines shown"}
      />
      <IconButton
        size="sm"
        label="Clear"
        icon={<Eraser size={14} aria-hidden />}
        disabled={log.lines.length === 0}
        onClick={props.onClear}
      />
    </div>
  );
}

function said({ lines, count }: KeptLog, matched: number, filter: string): string {
  const kept = `${formatCount(lines.length)} ${lines.length === 1 ? "line" : "lines"}`;
  if (filter.trim() !== "") return `${formatCount(matched)} of ${kept}`;
  return count > lines.length && lines.length > 0 ? `the newest ${kept} of ${formatCount(count)}` : kept;
}
