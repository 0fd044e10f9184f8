import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { withLines } from "@/logs/kept";
import type { Connection, FunctionDetail, FunctionLogLine } from "@/platform";
import { type FixturePanel, fail } from "./fixtures/panel";
import { CONNECTIONS, sampleFunctions } from "./fixtures/samples";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const ID = "2cf3b1c2d3e4f5061728394a5b6c7d8e";
const PAGE = `/c/${ID}/ns/openfaas-fn/fn/hello`;
const TARGET = { connection: ID, namespace: "openfaas-fn", name: "hello" };
const POD = "hello-6d5f7c9b8-x2k4q";
const AT = Date.UTC(2026, 10, 22, 8, 0, 0) * 1000;

const line = (n: number, text = `line ${n}`, over: Partial<FunctionLogLine> = {}): FunctionLogLine => ({
  atUs: AT + n,
  instance: POD,
  text,
  ...over,
});

function show(prepare: (panel: FixturePanel) => void = () => undefined, logs = true) {
  const { panel } = renderApp(`${PAGE}?tab=logs`, (prepared) => {
    const [, remote] = CONNECTIONS;
    if (!remote) throw new Error("no connection");
    const capabilities = { ...remote.capabilities, logs };
    prepared.connections.push({ ...remote, id: ID, kind: "openfaas", capabilities } as Connection);
    prepared.functions.push({ ...(sampleFunctions()[0] as FunctionDetail), function: TARGET });
    prepare(prepared);
  });
  const asked = () =>
    panel.calls.filter(({ command }) => command === "function_logs").map(({ args }) => args);
  const write = (...lines: FunctionLogLine[]) =>
    act(() => {
      for (const each of lines) panel.feed("function_logs", each);
    });
  return { panel, asked, write, user: userEvent.setup() };
}

const open = () => screen.findByText("Nothing was written yet", {}, SLOW);
const box = () => screen.getByRole("log", { name: "Log lines" });
const shown = () => screen.queryAllByTestId("log-row").map(({ textContent }) => textContent ?? "");
const count = () => screen.getByTestId("log-count");

/** Gives the lines a height, so that they can be scrolled. */
function layOut(height: number, all: number) {
  Object.defineProperty(box(), "clientHeight", { configurable: true, value: height });
  Object.defineProperty(box(), "scrollHeight", { configurable: true, value: all });
}

it("is there where logs can be read apart from runs, and nowhere else", async () => {
  const { asked } = show(undefined, false);
  expect(await screen.findByRole("tab", { name: "Overview", selected: true }, SLOW)).toBeVisible();
  expect(screen.queryByRole("tab", { name: "Logs" })).toBeNull();
  expect(asked()).toEqual([]);
});

it("shows lines as they come, with when and where each was written", async () => {
  const { asked, write } = show();
  await open();
  expect(asked()).toEqual([{ function: TARGET, ask: { tail: 100, follow: true } }]);
  write(line(1, "\u001b[31mred\u001b[0m"), line(2, "more", { atUs: null, instance: "" }));
  await waitFor(() => expect(shown()).toHaveLength(2));
  const [first, second] = screen.getAllByTestId("log-row").map((row) => within(row));
  expect(first?.getByText("red")).toBeVisible();
  expect(first?.getByTitle(POD)).toHaveTextContent("…f7c9b8-x2k4q");
  expect(first?.getByTitle("2026-11-22T08:00:00.000001Z")).toBeVisible();
  expect(second?.getAllByText("–")).toHaveLength(2);
  write(line(3, "no date", { atUs: 9.2e18 }));
  expect(await screen.findByText("no date")).toBeVisible();
  expect(count()).toHaveTextContent("3 lines");
});

it("filters by text and instance, and copies what is shown", async () => {
  const { write, user } = show();
  await open();
  write(line(1, "Error: no"), line(2, "fine"), line(3, "fine", { instance: "other-error-pod-1" }));
  await waitFor(() => expect(shown()).toHaveLength(3));
  box().focus();
  await user.keyboard("/");
  const filter = screen.getByLabelText("Filter lines");
  expect(filter).toHaveFocus();
  await user.keyboard("ERROR");
  expect(shown()).toHaveLength(2);
  expect(count()).toHaveTextContent("2 of 3 lines");
  await user.click(screen.getByRole("button", { name: "Copy the lines shown" }));
  await waitFor(async () =>
    expect(await navigator.clipboard.readText()).toBe(
      `2026-11-22T08:00:00.000001Z ${POD}: Error: no\n2026-11-22T08:00:00.000003Z other-error-pod-1: fine`,
    ),
  );
  await user.type(filter, "s");
  expect(screen.getByText("No line has this text")).toBeVisible();
  await user.keyboard("{Escape}");
  expect(shown()).toHaveLength(3);
  box().focus();
  await user.keyboard("?");
  expect(await screen.findByRole("dialog", { name: "Keys" })).toHaveTextContent("Filter the lines");
});

it("asks for a time, and for an instance that was seen to write", async () => {
  const { asked, write, user } = show();
  await open();
  write(line(1));
  await waitFor(() => expect(shown()).toHaveLength(1));
  // One instance is nothing to choose from.
  expect(screen.queryByLabelText("Instance")).toBeNull();
  write(line(2, "from another", { instance: "other" }));
  const choice = await screen.findByLabelText("Instance");
  const offered = within(choice).getAllByRole("option");
  // The newest writer is the likeliest to be meant.
  expect(offered.map(({ textContent }) => textContent)).toEqual(["All instances", "other", "…f7c9b8-x2k4q"]);
  await user.selectOptions(choice, "other");
  expect(asked().at(-1)).toEqual({
    function: TARGET,
    ask: { tail: 100, follow: true, instance: "other" },
  });
  const before = Date.now();
  await user.selectOptions(screen.getByLabelText("Written within"), "Last 15 minutes");
  const { ask } = asked().at(-1) as { ask: { since: number; instance: string } };
  expect(ask.instance).toBe("other");
  expect(ask.since).toBeGreaterThanOrEqual(before - 15 * 60_000);
  expect(ask.since).toBeLessThanOrEqual(Date.now() - 15 * 60_000);
  // What was shown is not there any more, and the choice is.
  expect(screen.getByText(/Nothing from this time and instance/)).toBeVisible();
  await user.selectOptions(screen.getByLabelText("Instance"), "All instances");
  await user.selectOptions(screen.getByLabelText("Written within"), "At any time");
  expect(asked().at(-1)).toEqual({ function: TARGET, ask: { tail: 100, follow: true } });
});

it("holds still while paused, and has what came meanwhile", async () => {
  const { write, user } = show();
  await open();
  write(line(1));
  await waitFor(() => expect(shown()).toHaveLength(1));
  box().focus();
  await user.keyboard("p");
  write(line(2), line(3));
  const resume = await screen.findByRole("button", { name: "Resume (2 new)" });
  expect(shown()).toHaveLength(1);
  await user.click(resume);
  expect(shown()).toHaveLength(3);
  await user.click(screen.getByRole("button", { name: "Clear" }));
  expect(screen.getByText("The lines were cleared")).toBeVisible();
  write(line(4));
  await waitFor(() => expect(shown()).toHaveLength(1));
  expect(shown()[0]).toContain("line 4");
});

it("keeps the end in sight until somebody scrolls up, and goes back to it", async () => {
  const { write, user } = show();
  await open();
  write(line(1));
  await waitFor(() => expect(shown()).toHaveLength(1));
  layOut(100, 400);
  write(line(2));
  await waitFor(() => expect(box().scrollTop).toBe(400));
  fireEvent.scroll(box());
  box().scrollTop = 50;
  fireEvent.scroll(box());
  expect(await screen.findByRole("button", { name: "Follow the end" })).toBeVisible();
  layOut(100, 440);
  write(line(3), line(4));
  await user.click(await screen.findByRole("button", { name: "2 new" }));
  expect(box().scrollTop).toBe(440);
  expect(screen.queryByRole("button", { name: "Follow the end" })).toBeNull();
});

it("is asked again for another tail, and stays as it is when it is not followed any more", async () => {
  const { asked, panel, write, user } = show();
  await open();
  write(line(1));
  await waitFor(() => expect(shown()).toHaveLength(1));
  await user.selectOptions(screen.getByLabelText("Lines from before"), "1000");
  expect(await screen.findByText("Nothing was written yet")).toBeVisible();
  expect(asked()[1]?.ask).toEqual({ tail: 1000, follow: true });
  write(line(2));
  await waitFor(() => expect(shown()).toHaveLength(1));
  await user.click(screen.getByRole("button", { name: "Follow" }));
  write(line(3));
  expect(screen.getByRole("button", { name: "Follow" })).toHaveAttribute("aria-pressed", "false");
  expect(shown()).toHaveLength(1);
  panel.handlers.function_logs = () => panel.feed("function_logs", line(9));
  await user.click(screen.getByRole("button", { name: "Read again" }));
  await waitFor(() => expect(shown()[0]).toContain("line 9"));
  expect(asked()[2]?.ask).toEqual({ tail: 1000, follow: false });
});

it("says why it cannot be read, and reads it again", async () => {
  let times = 0;
  const { panel, asked, write, user } = show((prepared) => {
    prepared.handlers.function_logs = async () => {
      times += 1;
      if (times === 2) prepared.feed("function_logs", line(1));
      throw fail("unreachable", "The log is out of reach.");
    };
  });
  expect(await screen.findByText("The log is out of reach.", {}, SLOW)).toBeVisible();
  await user.click(within(screen.getByRole("tabpanel")).getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(shown()).toHaveLength(1));
  expect(await screen.findByText("The log is out of reach.")).toBeVisible();
  delete panel.handlers.function_logs;
  await user.click(within(screen.getByRole("tabpanel")).getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.queryByText("The log is out of reach.")).toBeNull());
  expect(asked().map(({ ask }) => ask.follow)).toEqual([true, true, true]);
  write(line(2));
  await waitFor(() => expect(shown()).toHaveLength(1));
});

it("keeps the newest 10,000 lines and draws few of them", async () => {
  const { write } = show();
  await open();
  write(...Array.from({ length: 10_050 }, (_, n) => line(n)));
  await waitFor(() => expect(count()).toHaveTextContent("the newest 10 000 lines of 10 050"));
  expect(shown().length).toBeLessThan(100);
  expect(shown()[0]).toContain("line 50");
});

it("keeps fewer lines where they are long, and the newest however long it is", () => {
  const long = "x".repeat(20 * 1024 * 1024);
  const log = withLines({ lines: [], count: 0 }, [line(0), line(1, long), line(2, long)]);
  expect([log.count, log.lines.map(({ at }) => at)]).toEqual([3, [2]]);
  expect(withLines(log, [line(3, long + long)]).lines.map(({ at }) => at)).toEqual([3]);
});
