import type { FunctionLogLine } from "@/platform";
import { readable, utcTime } from "@/record/logs";

/** Lines that are kept; the earlier ones are at the server, as long as it has them. */
export const MOST_LINES = 10_000;
/** Characters that are kept of all lines together: a line may be long. */
export const MOST_CHARACTERS = 32 * 1024 * 1024;

export interface KeptLine extends FunctionLogLine {
  /** Its place among all that came, from 0. */
  at: number;
}

/** The newest lines of a log. */
export interface KeptLog {
  lines: readonly KeptLine[];
  /** Lines that came, those that are not kept any more among them. */
  count: number;
}

export const NO_LINES: KeptLog = { lines: [], count: 0 };

/** A log with the lines that came after it, as far as they are kept. */
export function withLines({ lines, count }: KeptLog, added: readonly FunctionLogLine[]): KeptLog {
  const all = [...lines, ...added.map((line, offset) => ({ ...line, at: count + offset }))];
  let from = all.length;
  let characters = 0;
  while (from > 0 && all.length - from < MOST_LINES) {
    characters += all[from - 1]?.text.length ?? 0;
    // The newest is there however long it is.
    if (characters > MOST_CHARACTERS && from < all.length) break;
    from -= 1;
  }
  return { lines: from === 0 ? all : all.slice(from), count: count + added.length };
}

/** The lines that hold a text, in what they say or in their instance's name, whatever its case. */
export function matching(lines: readonly KeptLine[], filter: string): readonly KeptLine[] {
  const wanted = filter.trim().toLowerCase();
  if (wanted === "") return lines;
  return lines.filter(
    ({ text, instance }) =>
      readable(text).toLowerCase().includes(wanted) || instance.toLowerCase().includes(wanted),
  );
}

/** Instances that can be chosen from: a server may have one for each run. */
const MOST_INSTANCES = 50;

/** The instances that wrote, the newest writer first, and those that are known from before; the same list where that
 *  changes nothing. */
export function withInstances(
  known: readonly string[],
  lines: readonly { instance: string }[],
): readonly string[] {
  const all = new Set<string>();
  for (let at = lines.length - 1; at >= 0 && all.size < MOST_INSTANCES; at -= 1) {
    const instance = lines[at]?.instance ?? "";
    if (instance !== "") all.add(instance);
  }
  for (const instance of known) all.add(instance);
  const next = [...all].slice(0, MOST_INSTANCES);
  return next.length === known.length && next.every((each, at) => each === known[at]) ? known : next;
}

/** As much of an instance's name as tells it from the others: ids differ from their start, pods at their end. */
export function shortInstance(instance: string): string {
  if (/^[0-9a-f]{16,}$/i.test(instance)) return instance.slice(0, 12);
  return instance.length <= 14 ? instance : `…${instance.slice(-12)}`;
}

/** Lines as text, each as it was written, with its time and its instance. */
export function textOf(lines: readonly KeptLine[]): string {
  return lines
    .map(({ atUs, instance, text }) => `${atUs === null ? "–" : utcTime(atUs)} ${instance || "–"}: ${text}`)
    .join("\n");
}
