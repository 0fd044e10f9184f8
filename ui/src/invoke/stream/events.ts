/** An event of a stream, or a line of one that has no events. */
export interface StreamEvent {
  /** Its place in the stream, from 0. */
  at: number;
  /** When it was whole, since the call was made, ms. */
  afterMs: number;
  /** What the stream calls it; null is an event without a name, or a line. */
  name: string | null;
  /** The id that it came with. */
  id: string | null;
  data: string;
  /** The stream ended within it: by the rules of event streams it is none. */
  cut?: boolean;
}

/** Characters of one event that are kept; the record has it whole. */
export const LONGEST_EVENT = 256 * 1024;

export function isEventStream(contentType: string | null): boolean {
  return /^\s*text\/event-stream\b/i.test(contentType ?? "");
}

/** Reads the events out of a response that comes in pieces, which may end anywhere, also within a character. */
export class EventReader {
  private readonly decoder = new TextDecoder();
  private readonly events: boolean;
  private rest = "";
  /** A line may end with CR, LF or both: an LF that follows a CR ends nothing. */
  private afterCr = false;
  /** When the last piece came. */
  private last = 0;
  private count = 0;
  private block: { name: string | null; id: string | null; data: string[] } = fresh();

  constructor(contentType: string | null) {
    this.events = isEventStream(contentType);
  }

  push(bytes: Uint8Array, afterMs: number): StreamEvent[] {
    this.last = afterMs;
    return this.read(this.decoder.decode(bytes, { stream: true }), afterMs);
  }

  /** What was left when the stream ended. */
  end(): StreamEvent[] {
    const afterMs = this.last;
    const found = this.read(this.decoder.decode(), afterMs);
    if (!this.events) return this.rest === "" ? found : [...found, this.line(this.rest, afterMs)];
    if (this.rest !== "") this.field(this.rest);
    const last = this.dispatch(afterMs);
    return last ? [...found, { ...last, cut: true }] : found;
  }

  private read(text: string, afterMs: number): StreamEvent[] {
    const found: StreamEvent[] = [];
    const ends = this.events ? /\r\n|\r|\n/g : /\r?\n/g;
    let all = text;
    if (this.afterCr && all !== "") {
      if (all.startsWith("\n")) all = all.slice(1);
      this.afterCr = false;
    }
    if (this.events && all.endsWith("\r")) this.afterCr = true;
    const whole = this.rest + all;
    let from = 0;
    for (const end of whole.matchAll(ends)) {
      const line = whole.slice(from, end.index);
      from = end.index + end[0].length;
      const event = this.events ? this.eventLine(line, afterMs) : this.plainLine(line, afterMs);
      if (event) found.push(event);
    }
    this.rest = whole.slice(from);
    return found;
  }

  private plainLine(line: string, afterMs: number): StreamEvent | null {
    return line.trim() === "" ? null : this.line(line, afterMs);
  }

  private line(data: string, afterMs: number): StreamEvent {
    return { at: this.count++, afterMs, name: null, id: null, data: data.slice(0, LONGEST_EVENT) };
  }

  private eventLine(line: string, afterMs: number): StreamEvent | null {
    if (line !== "") {
      this.field(line);
      return null;
    }
    return this.dispatch(afterMs);
  }

  /** The rules of https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation. */
  private field(line: string): void {
    const at = line.indexOf(":");
    if (at === 0) return;
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (name === "data") this.block.data.push(value);
    else if (name === "event") this.block.name = value;
    else if (name === "id" && !value.includes("\0")) this.block.id = value;
  }

  private dispatch(afterMs: number): StreamEvent | null {
    const { name, id, data } = this.block;
    this.block = fresh();
    if (data.length === 0) return null;
    return { ...this.line(data.join("\n"), afterMs), name: name || null, id };
  }
}

function fresh() {
  return { name: null as string | null, id: null as string | null, data: [] as string[] };
}
