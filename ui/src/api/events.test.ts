import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PanelEvent, replaceTransport, type Transport } from "@/platform";
import { cancelled, unreachable } from "@/platform/call-error";
import { sampleRun, summaryOf } from "../../tests/fixtures/samples";
import { applyEvent, followEvents, subscribeEvents, useLink } from "./events";
import { keys } from "./keys";

/** A stream that the test feeds and breaks. */
class Feed implements Transport {
  opened = 0;
  answering = true;
  private sink: ((event: PanelEvent) => void) | null = null;
  private breakOff: ((error: unknown) => void) | null = null;

  async call<T>(): Promise<T> {
    if (!this.answering) throw unreachable();
    return {} as T;
  }

  stream<I, R>(_: string, __: object, onItem: (item: I) => void, signal?: AbortSignal): Promise<R> {
    this.opened += 1;
    if (!this.answering) return Promise.reject(unreachable());
    this.sink = onItem as (item: unknown) => void;
    return new Promise((_, reject) => {
      this.breakOff = reject;
      signal?.addEventListener("abort", () => reject(cancelled()));
    });
  }

  send(event: PanelEvent) {
    this.sink?.(event);
  }

  break() {
    this.breakOff?.(unreachable());
  }
}

const stop: { now: () => void } = { now: () => undefined };
let feed: Feed;

beforeEach(() => {
  feed = new Feed();
  replaceTransport(feed);
  useLink.setState({ state: "opening" });
});
afterEach(() => stop.now());

function follow(client = new QueryClient()) {
  const controller = new AbortController();
  stop.now = () => controller.abort();
  return { client, done: followEvents(client, controller.signal), controller };
}

describe("followEvents", () => {
  it("passes events to everybody who listens, until they stop", async () => {
    follow();
    const heard: string[] = [];
    const off = subscribeEvents((event) => heard.push(event.type));
    await vi.waitFor(() => expect(useLink.getState().state).toBe("open"));
    feed.send({ type: "tokens" });
    off();
    feed.send({ type: "engine" });
    expect(heard).toEqual(["tokens"]);
  });

  it("opens the stream again, and has everything read anew that was missed meanwhile", async () => {
    follow();
    const heard: string[] = [];
    const off = subscribeEvents((event) => heard.push(event.type));
    await vi.waitFor(() => expect(useLink.getState().state).toBe("open"));
    feed.answering = false;
    feed.break();
    await vi.waitFor(() => expect(useLink.getState().state).toBe("lost"));
    feed.answering = true;
    await vi.waitFor(() => expect(useLink.getState().state).toBe("open"), { timeout: 10_000 });
    expect(feed.opened).toBeGreaterThan(1);
    expect(heard).toEqual(["lagged"]);
    off();
  });

  it("ends when the page goes away", async () => {
    const { done, controller } = follow();
    await vi.waitFor(() => expect(feed.opened).toBe(1));
    controller.abort();
    await done;
    expect(feed.opened).toBe(1);
  });
});

describe("applyEvent", () => {
  it("makes stale what the event is about, and nothing else", () => {
    const client = new QueryClient();
    const run = summaryOf(sampleRun(1));
    const own = { connection: run.connection, namespace: run.namespace, name: run.function };
    const all = [
      keys.activation(run.id),
      keys.recentRuns(own),
      keys.functions("local"),
      keys.tokens,
      keys.engine,
    ];
    for (const key of all) client.setQueryData(key, 1);
    const stale = () => all.filter((key) => client.getQueryState(key)?.isInvalidated);

    applyEvent(client, { type: "activations", rows: [run] });
    expect(stale()).toEqual([keys.activation(run.id), keys.recentRuns(own)]);
    applyEvent(client, { type: "functions", connection: "local" });
    expect(stale()).toContainEqual(keys.functions("local"));
    expect(stale()).not.toContainEqual(keys.tokens);
    for (const [type, key] of [
      ["deliveries", keys.deliveries("counts")],
      ["inboxes", keys.inboxes("messages", "a")],
      ["schedules", keys.scheduleHistory("a")],
      ["triggers", keys.triggers(own)],
    ] as const) {
      client.setQueryData(key, 1);
      applyEvent(client, { type });
      expect(client.getQueryState(key)?.isInvalidated).toBe(true);
    }

    applyEvent(client, { type: "lagged" });
    expect(stale()).toHaveLength(all.length);
  });

  it("does not ask for what was in a namespace that is deleted", async () => {
    const client = new QueryClient();
    let left = [{ name: "kept" }, { name: "deleted" }];
    const asked: string[] = [];
    const offs = [
      new QueryObserver(client, { queryKey: keys.namespaces("local"), queryFn: async () => left }),
      ...["kept", "deleted"].map(
        (name) =>
          new QueryObserver(client, {
            queryKey: keys.entities("local", name),
            queryFn: async () => asked.push(name),
          }),
      ),
    ].map((observer) => observer.subscribe(() => undefined));
    await vi.waitFor(() => expect(asked).toEqual(["kept", "deleted"]));
    left = [{ name: "kept" }];
    applyEvent(client, { type: "functions", connection: "local" });
    await vi.waitFor(() => expect(asked).toEqual(["kept", "deleted", "kept"]));
    await vi.waitFor(() => expect(client.isFetching()).toBe(0));
    expect(asked).toEqual(["kept", "deleted", "kept"]);
    for (const off of offs) off();
  });

  it("has a first read that was under way done once more", async () => {
    const client = new QueryClient();
    const answers: Array<(value: string) => void> = [];
    const observer = new QueryObserver(client, {
      queryKey: keys.deliveries("of", "a"),
      queryFn: () => new Promise<string>((resolve) => answers.push(resolve)),
    });
    const off = observer.subscribe(() => undefined);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    applyEvent(client, { type: "deliveries" });
    answers[0]?.("before the event");
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.("after it");
    await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe("after it"));
    off();
  });
});
