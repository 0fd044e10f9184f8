import { useLayoutEffect, useRef } from "react";
import { clockTime, readable, utcTime } from "@/record/logs";
import { FollowEnd } from "@/ui/FollowEnd";
import { useFollowEnd } from "@/ui/useFollowEnd";
import { useWindowed } from "@/ui/useWindowed";
import { type KeptLine, shortInstance } from "./kept";

const LINE = 20;
/** Characters of a line that are drawn; *Copy* has it whole. */
const SHOWN = 4000;

/** The lines of a log, the newest in sight until a person scrolls up. */
export function LogRows({ lines }: { lines: readonly KeptLine[] }) {
  const { ref, first, end, height } = useWindowed(lines.length, LINE);
  const start = lines[0]?.at ?? 0;
  const count = (lines.at(-1)?.at ?? -1) + 1;
  const { following, seen, setFollowing } = useFollowEnd(ref, count);
  const fresh = following ? 0 : lines.filter(({ at }) => at >= seen).length;

  // What is read stays where it is while lines before it go.
  const before = useRef(lines);
  useLayoutEffect(() => {
    const { current: box } = ref;
    const gone = before.current.findIndex(({ at }) => at >= start);
    if (box && !following && gone > 0) box.scrollTop -= gone * LINE;
    before.current = lines;
  }, [lines, start, following, ref]);

  return (
    <div className="relative flex min-h-20 flex-1 flex-col border-t border-line">
      <div
        ref={ref}
        role="log"
        aria-live="off"
        aria-label="Log lines"
        data-testid="function-log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto py-1 font-mono text-sm outline-offset-[-2px]"
      >
        <div className="relative min-w-max" style={{ height }}>
          {lines.slice(first, end).map((line, offset) => (
            <Row key={line.at} line={line} top={(first + offset) * LINE} />
          ))}
        </div>
      </div>
      {!following && <FollowEnd fresh={fresh} onFollow={() => setFollowing(true)} />}
    </div>
  );
}

function Row({ line: { atUs, instance, text }, top }: { line: KeptLine; top: number }) {
  return (
    <div
      data-testid="log-row"
      className="absolute left-0 flex h-5 min-w-full items-center gap-3 px-4 whitespace-pre hover:bg-hover"
      style={{ transform: `translateY(${top}px)` }}
    >
      {atUs === null ? (
        <span className="w-24 shrink-0 text-subtle" title="The server does not say when">
          –
        </span>
      ) : (
        <time className="w-24 shrink-0 text-subtle" title={utcTime(atUs)}>
          {clockTime(atUs)}
        </time>
      )}
      <span className="w-28 shrink-0 truncate text-muted" title={instance || undefined}>
        {instance === "" ? "–" : shortInstance(instance)}
      </span>
      <span>
        {readable(text).slice(0, SHOWN)}
        {text.length > SHOWN && <span className="text-subtle"> … copy to see all</span>}
      </span>
    </div>
  );
}
