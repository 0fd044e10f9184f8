import type { ResponsePart } from "@/platform";
import { fromBase64 } from "@/ui/base64";
import { EventReader, type StreamEvent } from "./events";

/** Events that are kept; the earlier ones are in the record. */
export const MOST_EVENTS = 10_000;

/** A response that is shown while the function writes it. */
export interface LiveResponse {
  /** The run. */
  id: string;
  status: number;
  contentType: string | null;
  events: readonly StreamEvent[];
  /** Events that came, those that are not kept any more among them. */
  count: number;
  bytes: number;
  /** More comes than is shown: the rest is in the record. */
  enough: boolean;
}

/** Takes the parts of a response, and tells what it is after each. */
export class LiveReader {
  private reader: EventReader | null = null;
  private response: LiveResponse | null = null;

  take(part: ResponsePart): LiveResponse | null {
    if (part.type === "begun") {
      const { id, status, contentType } = part;
      this.reader = new EventReader(contentType);
      this.response = { id, status, contentType, events: [], count: 0, bytes: 0, enough: false };
      return this.response;
    }
    if (part.type === "called" || this.response === null || this.reader === null) return null;
    if (part.type === "enough") {
      this.response = { ...this.response, enough: true };
      return this.response;
    }
    const bytes = fromBase64(part.base64) ?? new Uint8Array();
    return this.add(this.reader.push(bytes, part.afterMs), bytes.length);
  }

  /** The response is over. */
  end(): LiveResponse | null {
    return this.reader && this.add(this.reader.end(), 0);
  }

  private add(added: readonly StreamEvent[], bytes: number): LiveResponse | null {
    if (this.response === null) return null;
    const all = [...this.response.events, ...added];
    this.response = {
      ...this.response,
      events: all.slice(Math.max(0, all.length - MOST_EVENTS)),
      count: this.response.count + added.length,
      bytes: this.response.bytes + bytes,
    };
    return this.response;
  }
}
