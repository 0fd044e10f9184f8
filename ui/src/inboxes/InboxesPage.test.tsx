import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { InboxMessage, InboxView } from "@/platform";
import { renderApp } from "../../tests/render-app";

const SLOW = { timeout: 15_000 };

const INBOX: InboxView = {
  id: "a".repeat(32),
  url: `http://127.0.0.1:6464/callbacks/${"a".repeat(32)}`,
  kind: "callback",
  label: "Shop",
  created: Date.now() - 60_000,
  answer: 200,
  run: null,
  messages: 1,
  newest: Date.now() - 5_000,
};

const MESSAGE: InboxMessage = {
  number: 1,
  inbox: INBOX.id,
  at: INBOX.newest ?? 0,
  method: "POST",
  path: "/orders",
  query: "x=1",
  headers: [["X-Call-Id", "42"]],
  body: "json",
  document: '{"total":12}',
  bytes: 12,
  run: "b".repeat(32),
  matched: "call_id",
};

function sent(panel: ReturnType<typeof renderApp>["panel"], command: string) {
  return panel.calls.filter((call) => call.command === command).map(({ args }) => args);
}

it("makes an inbox, shows what comes, matched to its run, and empties it", async () => {
  let inboxes: InboxView[] = [];
  const { panel } = renderApp("/inboxes", (panel) => {
    panel.handlers.inboxes = () => inboxes;
    panel.handlers.create_inbox = () => {
      inboxes = [INBOX];
      return INBOX;
    };
    panel.handlers.inbox_messages = () => ({ rows: [MESSAGE], next: null });
    panel.handlers.clear_inbox = () => null;
  });
  expect(await screen.findByText("There is no inbox yet", {}, SLOW)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "New inbox" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Name"), "Shop");
  await userEvent.click(dialog.getByRole("button", { name: "Create inbox" }));
  expect(sent(panel, "create_inbox")).toEqual([{ label: "Shop", answer: 200 }]);

  const row = within(await screen.findByTestId("inbox-message", {}, SLOW));
  expect(screen.getByText(INBOX.url ?? "")).toBeVisible();
  expect(screen.getByRole("button", { name: "Copy URL" })).toBeVisible();
  expect(row.getByText("New")).toBeVisible();
  expect(row.getByRole("link", { name: `Record of run …${MESSAGE.run?.slice(-8)}` })).toBeVisible();
  await userEvent.click(row.getByRole("button", { name: "Show POST /orders?x=1" }));
  const detail = within(await screen.findByTestId("message-detail"));
  expect(detail.getByText(/X-Call-Id names it/)).toBeVisible();
  expect(detail.getByText("42")).toBeVisible();

  await userEvent.click(screen.getByRole("button", { name: "Clear…" }));
  await userEvent.click(await screen.findByRole("button", { name: "Clear inbox" }));
  await waitFor(() => expect(sent(panel, "clear_inbox")).toEqual([{ id: INBOX.id }]));
});

it("shows what a message carries where its request says nothing", async () => {
  renderApp("/inboxes", (panel) => {
    panel.handlers.inboxes = () => [INBOX];
    panel.handlers.inbox_messages = () => ({
      rows: [
        { ...MESSAGE, number: 2, path: "/", query: "" },
        { ...MESSAGE, number: 1, path: "/", query: "", body: "empty", document: "null", bytes: 0 },
      ],
      next: null,
    });
  });
  const [carries, empty] = await screen.findAllByTestId("inbox-message", {}, SLOW);
  expect(within(carries as HTMLElement).getByTestId("excerpt")).toHaveTextContent('{"total":12}');
  expect(within(empty as HTMLElement).getByText("POST")).toBeVisible();
});

it("has an asynchronous run call a new inbox, once made", async () => {
  const { panel } = renderApp("/c/local/ns/playground/fn/hello?tab=invoke", (panel) => {
    let inboxes: InboxView[] = [];
    panel.handlers.inboxes = () => inboxes;
    panel.handlers.create_inbox = () => {
      inboxes = [INBOX];
      return INBOX;
    };
  });
  await userEvent.click(await screen.findByRole("radio", { name: "Async" }, SLOW));
  await userEvent.selectOptions(screen.getByLabelText("When it is over, call"), "A new inbox here");
  for (let n = 1; n <= 2; n += 1) {
    await userEvent.click(screen.getByTestId("run-button"));
    await waitFor(() => expect(sent(panel, "invoke")).toHaveLength(n));
    await waitFor(() => expect(screen.getByTestId("run-button")).toBeEnabled());
  }
  expect(sent(panel, "create_inbox")).toEqual([{ label: "Callbacks of hello" }]);
  for (const args of sent(panel, "invoke")) expect(args).toMatchObject({ callbackUrl: INBOX.url });
});
