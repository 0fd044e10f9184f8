import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { DeadLetter, EngineStatus, QueueState } from "@/platform";
import { fail } from "../../tests/fixtures/panel";
import { sampleRun, summaryOf } from "../../tests/fixtures/samples";
import { renderApp } from "../../tests/render-app";
import { shareText } from "./EngineTotals";

const SLOW = { timeout: 15_000 };
const HELLO = { namespace: "playground", name: "hello" };
const TARGET = { function: { connection: "local", ...HELLO } };

const ROOM = { memory: 48 * 1024 * 1024, memoryCap: 2 * 1024 ** 3, stemCells: 1 };

const QUEUE: QueueState = {
  function: HELLO,
  waiting: 3,
  delayed: 1,
  running: 0,
  dead: 2,
  paused: null,
  oldest: Date.now() - 60_000,
  nextAttempt: Date.now() + 60_000,
};

function sent(panel: ReturnType<typeof renderApp>["panel"], command: string) {
  return panel.calls.filter((call) => call.command === command).map(({ args }) => args);
}

describe("workers", () => {
  it("are asked to go after their last run, and told to go now the second time", async () => {
    let state: EngineStatus["workers"][number]["state"] = "busy";
    const { panel } = renderApp("/engine", (panel) => {
      panel.handlers.engine_status = () => ({
        workers: [
          {
            number: 7,
            pid: 4711,
            function: HELLO,
            version: "0.0.3",
            state,
            started: Date.now(),
            runs: 12,
            memory: 48 * 1024 * 1024,
            stem: true,
          },
        ],
        ...ROOM,
        queued: 4,
        running: 1,
        total: 200,
        cold: 4,
      });
    });
    const row = within(await screen.findByTestId("worker-row", {}, SLOW));
    expect(row.getByText("Busy")).toBeVisible();
    expect(row.getByText("48 MB")).toBeVisible();
    expect(row.getByText("from a stem cell")).toBeVisible();
    await userEvent.click(row.getByRole("button", { name: /^Stop: playground\/hello, process 4711/ }));
    expect(sent(panel, "stop_worker")).toEqual([{ number: 7, now: false }]);
    state = "draining";
    panel.emit({ type: "engine" });
    await userEvent.click(await row.findByRole("button", { name: /^Stop now/ }));
    expect(sent(panel, "stop_worker")[1]).toEqual({ number: 7, now: true });
    const totals = within(screen.getByTestId("engine-totals"));
    expect(totals.getByText("2 % of the runs")).toBeVisible();
    expect(totals.getByText("196")).toBeVisible();
    expect(totals.getByText("of 2 GB at most")).toBeVisible();
  });

  it("that are none are explained", async () => {
    renderApp("/engine", (panel) => {
      panel.handlers.engine_status = () => ({
        ...ROOM,
        workers: [],
        queued: 0,
        running: 0,
        total: 0,
        cold: 0,
      });
    });
    expect(await screen.findByText(/No worker is warm/, {}, SLOW)).toBeVisible();
  });
});

describe("queues", () => {
  it("are paused, and go on", async () => {
    let paused: number | null = null;
    const { panel } = renderApp("/engine", (panel) => {
      panel.handlers.queues = () => [{ ...QUEUE, paused }];
      panel.handlers.pause_queue = () => {
        paused = Date.now();
        return null;
      };
      panel.handlers.resume_queue = () => null;
    });
    const row = within(await screen.findByTestId("queue-row", {}, SLOW));
    await userEvent.click(row.getByRole("button", { name: "Pause the queue of playground/hello" }));
    expect(await row.findByText("Paused")).toBeVisible();
    await userEvent.click(row.getByRole("button", { name: "Resume the queue of playground/hello" }));
    expect(sent(panel, "pause_queue")).toEqual([TARGET]);
    expect(sent(panel, "resume_queue")).toEqual([TARGET]);
  });

  it("are cleared only after asking", async () => {
    const { panel } = renderApp("/engine", (panel) => {
      panel.handlers.queues = () => [QUEUE];
      panel.handlers.clear_queue = () => 4;
    });
    const row = within(await screen.findByTestId("queue-row", {}, SLOW));
    await userEvent.click(row.getByRole("button", { name: /^More for the queue/ }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Clear queue…" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(sent(panel, "clear_queue")).toEqual([]);
    await userEvent.click(dialog.getByRole("button", { name: "Clear queue" }));
    await waitFor(() => expect(sent(panel, "clear_queue")).toEqual([TARGET]));
    expect(await screen.findByText("4 runs are cancelled")).toBeVisible();
  });

  it("that cannot be read say so, and can be asked for again", async () => {
    let broken = true;
    renderApp("/engine", (panel) => {
      panel.handlers.queues = () => {
        if (broken) throw fail("internal", "The database is busy.");
        return [];
      };
    });
    expect(await screen.findByText("The database is busy.", {}, SLOW)).toBeVisible();
    broken = false;
    const part = within(screen.getByRole("region", { name: "Queues" }));
    await userEvent.click(part.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText(/Nothing waits/)).toBeVisible();
  });
});

it("retries and dismisses dead letters, page by page", async () => {
  const letter = (n: number): DeadLetter => ({
    run: summaryOf(sampleRun(n, { status: "developer_error" })),
    attempts: 3,
    at: Date.now() - 5_000,
  });
  let rows = [letter(1), letter(2)];
  const { panel } = renderApp("/engine", (panel) => {
    panel.handlers.dead_letters = ({ after }) =>
      after === null ? { rows, next: "more" } : { rows: [letter(3)], next: null };
    panel.handlers.retry_dead_letter = ({ id }) => {
      rows = rows.filter(({ run }) => run.id !== id);
      return true;
    };
    panel.handlers.dismiss_dead_letter = () => true;
  });
  expect(await screen.findAllByTestId("dead-letter", {}, SLOW)).toHaveLength(2);
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  await waitFor(() => expect(screen.getAllByTestId("dead-letter")).toHaveLength(3));
  const [first, second] = screen.getAllByTestId("dead-letter");
  await userEvent.click(within(second as HTMLElement).getByRole("button", { name: /^Dismiss/ }));
  await userEvent.click(within(first as HTMLElement).getByRole("button", { name: /^Retry/ }));
  await waitFor(() => expect(screen.getAllByTestId("dead-letter")).toHaveLength(2));
  expect(sent(panel, "dismiss_dead_letter")).toEqual([{ id: letter(2).run.id }]);
  expect(sent(panel, "retry_dead_letter")).toEqual([{ id: letter(1).run.id }]);
});

it("looks for runtimes again", async () => {
  const { panel } = renderApp("/engine", (panel) => {
    panel.handlers.rescan_runtimes = () => [
      {
        kind: "ruby:3.4",
        language: "node",
        title: "Ruby",
        version: "3.4.1",
        path: "/usr/bin/ruby",
        available: true,
        installHint: null,
      },
    ];
  });
  await userEvent.click(await screen.findByRole("button", { name: "Look again" }, SLOW));
  expect(await screen.findByText("/usr/bin/ruby")).toBeVisible();
  expect(sent(panel, "rescan_runtimes")).toHaveLength(1);
});

it("tells shares as people say them", () => {
  expect(shareText(0, 0)).toBe("–");
  expect(shareText(0, 10)).toBe("0 %");
  expect(shareText(1, 300)).toBe("< 1 %");
  expect(shareText(1, 3)).toBe("33 %");
});

it("says for each guard whether it is enforced here, and why not", async () => {
  renderApp("/engine");
  const rows = await screen.findAllByTestId("guard-row", {}, SLOW);
  expect(within(rows[0] as HTMLElement).getByText("Enforced")).toBeVisible();
  expect(within(rows[1] as HTMLElement).getByText("Not enforced here")).toBeVisible();
  expect(within(rows[1] as HTMLElement).getByText("The kernel has no Landlock.")).toBeVisible();
  expect(screen.getByText(/^2 of 3 are enforced/)).toBeVisible();
});

it("calls a guard that it does not know by its name", async () => {
  renderApp("/engine", (panel) => {
    panel.handlers.guards = () => [
      { guard: "system_calls", enforced: false, why: "The kernel has no filter." },
      { guard: "constructor", enforced: true, why: null },
    ];
  });
  const [first, second] = await screen.findAllByTestId("guard-row", {}, SLOW);
  expect(first).toHaveTextContent("System callsNot enforced hereThe kernel has no filter.");
  expect(second).toHaveTextContent("ConstructorEnforced");
});

it("draws what was measured, to be read by keys and as a table", async () => {
  const { panel } = renderApp("/engine");
  const chart = await screen.findByRole("slider", { name: "Duration" }, SLOW);
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringContaining("p50 12 ms, p99 80 ms"));
  chart.focus();
  await userEvent.keyboard("{Home}");
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringContaining("p50 –"));
  await userEvent.click(
    screen.getByRole("button", { name: "Memory of workers: show the values as a table" }),
  );
  const table = within(screen.getByRole("region", { name: "Memory of workers as a table" }));
  expect(table.getAllByText("64 MB")).toHaveLength(60);
  await userEvent.click(screen.getByRole("radio", { name: "24 h" }));
  await waitFor(() => expect(sent(panel, "metrics").at(-1)).toMatchObject({ step: 600_000 }));
});
