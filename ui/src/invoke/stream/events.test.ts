import { expect, it } from "vitest";
import { EventReader } from "./events";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What is read of a text that comes whole, and of the same text in pieces of one byte each. */
function read(contentType: string, text: string) {
  const whole = new EventReader(contentType);
  const found = [...whole.push(bytes(text), 5), ...whole.end()];
  const bit = new EventReader(contentType);
  const pieces = [...bytes(text)].flatMap((byte) => bit.push(new Uint8Array([byte]), 5));
  expect([...pieces, ...bit.end()]).toEqual(found);
  return found.map(({ name, id, data, cut }) => [name, id, data, ...(cut ? ["cut"] : [])]);
}

it("reads events with their names, ids and lines, however the lines end", () => {
  const text =
    "\uFEFF: a comment\r\ndata: one\r\ndata: more\r\n\r\nevent: tick\rid: 7\rdata:two\rdata:  lines é\r\rretry: 3\nid\ndata\n\n";
  expect(read("text/event-stream; charset=utf-8", text)).toEqual([
    [null, null, "one\nmore"],
    ["tick", "7", "two\n lines é"],
    [null, "", ""],
  ]);
});

it("has no event where there is no data, and says when the stream ended within one", () => {
  expect(read("text/event-stream", "event: none\n\ndata: whole\n\ndata: half")).toEqual([
    [null, null, "whole"],
    [null, null, "half", "cut"],
  ]);
  expect(read("text/event-stream", "")).toEqual([]);
});

it("reads other streams by line, the last one without an end, too", () => {
  expect(read("application/x-ndjson", '{"a":1}\r\n\n{"b":"é"}\n{"c"')).toEqual([
    [null, null, '{"a":1}'],
    [null, null, '{"b":"é"}'],
    [null, null, '{"c"'],
  ]);
});

it("says when each came", () => {
  const reader = new EventReader("application/x-ndjson");
  const all = [...reader.push(bytes("1\n2"), 10), ...reader.push(bytes("0\n"), 2000)];
  expect(all.map(({ at, afterMs, data }) => [at, afterMs, data])).toEqual([
    [0, 10, "1"],
    [1, 2000, "20"],
  ]);
});
