import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Delivery, DeliverySummary } from "@/platform";
import { sampleRun } from "../../tests/fixtures/samples";
import { renderApp } from "../../tests/render-app";

const SLOW = { timeout: 15_000 };
const RUN = sampleRun(1, { mode: "non_blocking" });

const ROW: DeliverySummary = {
  id: "d".repeat(32),
  run: RUN.id,
  function: { namespace: "playground", name: "hello" },
  purpose: "callback",
  kind: "http",
  target: "http://127.0.0.1:9/done",
  state: "gave_up",
  created: Date.now() - 60_000,
  due: null,
  ended: Date.now() - 50_000,
  attempts: 2,
  status: 500,
  error: "It answered with status 500.",
  hint: null,
  bytes: 12,
};

const WHOLE: Delivery = {
  ...ROW,
  headers: [["X-Call-Id", "42"]],
  body: { text: "the body", base64: false, more: false },
  history: [
    {
      number: 1,
      at: Date.now() - 60_000,
      ms: 3,
      status: null,
      error: "Nobody listens there.",
      hint: "Start it.",
      requestHeaders: [],
      responseHeaders: [],
      response: null,
    },
  ],
};

const COUNTS = { pending: 0, delivering: 0, delivered: 7, failed: 1, gaveUp: 2 };

function sent(panel: ReturnType<typeof renderApp>["panel"], command: string) {
  return panel.calls.filter((call) => call.command === command).map(({ args }) => args);
}

describe("deliveries", () => {
  it("are listed with their state, told in full on demand, and retried, one or all", async () => {
    const { panel } = renderApp("/deliveries", (panel) => {
      panel.handlers.deliveries = () => ({ rows: [ROW], next: null });
      panel.handlers.delivery = () => WHOLE;
      panel.handlers.delivery_counts = () => COUNTS;
      panel.handlers.retry_delivery = () => null;
      panel.handlers.retry_failed_deliveries = () => 3;
    });
    const row = within(await screen.findByTestId("delivery-row", {}, SLOW));
    expect(row.getByText("Given up")).toBeVisible();
    expect(row.getByRole("link", { name: `Record of run …${RUN.id.slice(-8)}` })).toHaveAttribute(
      "href",
      `/activations?id=${RUN.id}`,
    );
    await userEvent.click(row.getByRole("button", { name: /^History/ }));
    const history = within(await screen.findByTestId("delivery-history"));
    expect(history.getByText("Nobody listens there.")).toBeVisible();
    expect(history.getByText("the body")).toBeVisible();
    await userEvent.click(row.getByRole("button", { name: /^Retry/ }));
    expect(sent(panel, "retry_delivery")).toEqual([{ id: ROW.id }]);
    await userEvent.click(screen.getByRole("button", { name: "Retry all 3 failed" }));
    expect(await screen.findByText("3 deliveries are tried again")).toBeVisible();
    // Live: another look when something changed.
    const before = sent(panel, "deliveries").length;
    panel.emit({ type: "deliveries" });
    await waitFor(() => expect(sent(panel, "deliveries").length).toBeGreaterThan(before));
  });

  it("of one state have an address", async () => {
    const { panel } = renderApp("/deliveries?state=gave_up", (panel) => {
      panel.handlers.delivery_counts = () => COUNTS;
    });
    expect(await screen.findByText("No delivery is in this state", {}, SLOW)).toBeVisible();
    expect(sent(panel, "deliveries")[0]).toMatchObject({ filter: { state: "gave_up" } });
    await userEvent.click(screen.getByRole("radio", { name: "All 10" }));
    expect(await screen.findByText("Nothing was delivered yet")).toBeVisible();
    expect(window.location.search).toBe("");
  });

  it("go only where the rules allow it", async () => {
    const { panel } = renderApp("/deliveries", (panel) => {
      panel.handlers.save_delivery_rules = ({ rules }) => rules;
    });
    await userEvent.click(await screen.findByRole("button", { name: "Rules…" }, SLOW));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.type(dialog.getByLabelText("Allowed hosts"), "example.com, *.lab.example");
    await userEvent.clear(dialog.getByLabelText("Attempts"));
    expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
    await userEvent.type(dialog.getByLabelText("Attempts"), "3");
    await userEvent.clear(dialog.getByLabelText("Time-out in seconds"));
    expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
    await userEvent.type(dialog.getByLabelText("Time-out in seconds"), "5");
    await userEvent.click(dialog.getByRole("button", { name: "Save" }));
    expect(
      await screen.findByText("This machine and 2 hosts are allowed, up to 3 attempts each."),
    ).toBeVisible();
    expect(sent(panel, "save_delivery_rules")).toEqual([
      {
        rules: { allowedHosts: ["example.com", "*.lab.example"], attempts: 3, timeoutS: 5, certificates: "" },
      },
    ]);
  });
});

it("shows with a record what its end caused", async () => {
  renderApp(`/activations?id=${RUN.id}`, (panel) => {
    panel.runs = [RUN];
    panel.handlers.deliveries_of = () => [ROW];
  });
  await userEvent.click(await screen.findByRole("tab", { name: "Deliveries 1 not all delivered" }, SLOW));
  expect(within(screen.getByTestId("deliveries")).getByText("http://127.0.0.1:9/done")).toBeVisible();
});

it("says on the record and in its row that its callback failed, and why", async () => {
  const failed = sampleRun(2, { mode: "non_blocking", callback: "failed" });
  const { panel } = renderApp(`/activations?id=${failed.id}`, (panel) => {
    panel.runs = [failed, RUN];
    panel.handlers.deliveries_of = ({ run }) => (run === failed.id ? [{ ...ROW, run: failed.id }] : []);
  });
  const said = within(await screen.findByTestId("callback-failed", {}, SLOW));
  expect(said.getByText("callback failed")).toBeVisible();
  expect(await said.findByText("It answered with status 500.")).toBeVisible();
  await userEvent.click(said.getByRole("button", { name: "Deliveries" }));
  expect(within(screen.getByTestId("deliveries")).getByText("http://127.0.0.1:9/done")).toBeVisible();
  const rows = screen.getAllByTestId("activation-row");
  expect(rows.map((row) => within(row).queryAllByText("callback failed").length > 0)).toContain(true);

  // It is tried again, and arrives.
  const delivered = { ...failed, callback: "delivered" as const };
  panel.runs = [delivered, RUN];
  act(() => panel.emit({ type: "activations", rows: [delivered] }));
  await waitFor(() => expect(screen.queryByTestId("callback-failed")).toBeNull());
});
