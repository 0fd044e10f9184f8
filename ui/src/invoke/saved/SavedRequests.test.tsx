import { act, screen, waitFor, within } from "@testing-library/react";
import { toast } from "sonner";
import { beforeEach, expect, it } from "vitest";
import type { FunctionRef, SavedCall } from "@/platform";
import { mount } from "@/test/mount";
import { Toaster } from "@/ui/toast";
import { fail } from "../../../tests/fixtures/panel";
import { sessionOf, useSessions } from "../session";
import { SavedRequests } from "./SavedRequests";

const TARGET: FunctionRef = { connection: "local", namespace: "playground", name: "web" };
const form = (path: string, over = {}) =>
  JSON.stringify({ method: "PUT", path, query: "", headers: [], type: "none", body: "", ...over });
const call = (path: string): SavedCall => ({
  text: form(path),
  http: true,
  mode: "non_blocking",
  callback: { to: "url", url: "http://127.0.0.1:1/" },
});

function show(kept: Record<string, SavedCall> = {}) {
  const { patch } = useSessions.getState();
  const view = mount(
    <>
      <SavedRequests target={TARGET} http onText={(text) => patch(TARGET, { text })} />
      <Toaster />
    </>,
    (panel) => {
      for (const [name, each] of Object.entries(kept)) panel.keepRequest(TARGET, name, each);
    },
  );
  return { ...view, open: () => view.user.click(screen.getByTestId("saved-requests")) };
}

const rows = () =>
  within(screen.getByRole("list", { name: "Saved requests" }))
    .getAllByRole("listitem")
    .map(({ textContent }) => textContent);
const typed = () => JSON.parse(sessionOf(TARGET).text ?? "{}").path;

beforeEach(() => {
  toast.dismiss();
  useSessions.setState({ byFunction: {} });
  useSessions.getState().patch(TARGET, { text: form("/now"), mode: "blocking" });
});

it("says what would be there, and saves what is in the pane", async () => {
  const { user, open, sent } = show();
  await open();
  expect(await screen.findByText(/None yet/)).toBeVisible();
  const name = screen.getByLabelText("Name for this request");
  await waitFor(() => expect(name).toHaveFocus());
  expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
  await user.keyboard("An order{Enter}");
  await waitFor(() => expect(rows()).toHaveLength(1));
  expect(sent("save_request")).toEqual([
    {
      function: TARGET,
      name: "An order",
      call: { text: form("/now"), http: true, mode: "blocking", callback: { to: "nobody" } },
      replace: false,
    },
  ]);
  expect(sessionOf(TARGET).saved).toBe("An order");
  expect(screen.getByTestId("saved-requests")).toHaveTextContent("Saved 1");
});

it("loads one with how to wait and whom to call, and gives back what was typed", async () => {
  const { user, open } = show({ Other: call("/other"), "An order": call("/orders") });
  await open();
  const first = await screen.findByRole("button", { name: /^An order/ });
  await waitFor(() => expect(first).toHaveFocus());
  await user.keyboard("{ArrowDown}");
  expect(screen.getByRole("button", { name: /^Other/ })).toHaveFocus();
  await user.keyboard("{ArrowUp}{Enter}");
  await waitFor(() => expect(typed()).toBe("/orders"));
  expect(sessionOf(TARGET)).toMatchObject({
    mode: "non_blocking",
    callback: { to: "url", url: "http://127.0.0.1:1/" },
    saved: "An order",
  });
  expect(screen.queryByRole("list", { name: "Saved requests" })).toBeNull();
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(typed()).toBe("/now"));
  expect(sessionOf(TARGET)).toMatchObject({ mode: "blocking", callback: { to: "nobody" }, saved: null });
});

it("replaces by name whatever its case, and can undo that", async () => {
  const { user, open, panel, sent } = show({ "An order": call("/orders") });
  await open();
  await user.type(await screen.findByLabelText("Name for this request"), "AN ORDER");
  await user.click(screen.getByRole("button", { name: "Replace" }));
  await waitFor(() => expect(sent("save_request")).toHaveLength(1));
  expect(sent("save_request")[0]).toMatchObject({ name: "AN ORDER", replace: true });
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(sent("save_request")).toHaveLength(2));
  expect(panel.savedRequests.map(({ name, call: { text } }) => [name, text])).toEqual([
    ["An order", form("/orders")],
  ]);
});

it("renames in place, says when a name is taken, and Escape keeps the list open", async () => {
  const { user, open } = show({ One: call("/1"), Two: call("/2") });
  await open();
  await user.click(await screen.findByRole("button", { name: "Rename One" }));
  const field = screen.getByLabelText("New name of One");
  expect(field).toHaveFocus();
  await user.clear(field);
  await user.keyboard("two{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("is called 'two'");
  await user.clear(field);
  await user.keyboard("Zero{Enter}");
  await waitFor(() => expect(rows()[1]).toMatch(/^Zero/));
  await user.click(screen.getByRole("button", { name: "Rename Two" }));
  await user.keyboard("x{Escape}");
  expect(rows()).toHaveLength(2);
  await waitFor(() => expect(screen.getByRole("button", { name: /^Two/ })).toHaveFocus());
});

it("deletes with the focus on the next one, and can undo that", async () => {
  const { user, open, panel } = show({ One: call("/1"), Two: call("/2") });
  await open();
  await user.click(await screen.findByRole("button", { name: "Delete One" }));
  await waitFor(() => expect(rows()).toHaveLength(1));
  await waitFor(() => expect(screen.getByRole("button", { name: /^Two/ })).toHaveFocus());
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(panel.savedRequests).toHaveLength(2));
  expect(panel.savedRequests[1]).toMatchObject({ name: "One", call: call("/1") });
});

it("says what is not saved, and why it cannot be", async () => {
  const { open } = show();
  const headers = [{ name: "Authorization", value: "Bearer hush" }];
  const file = { id: "1", name: "a.bin", type: "", size: 1 };
  useSessions.getState().patch(TARGET, { text: form("/", { headers, type: "file", file }) });
  await open();
  expect(await screen.findByText(/The value of Authorization is not saved/)).toBeVisible();
  expect(screen.getByText(/Files are saved by name/)).toBeVisible();
});

const PLAIN = /callback URL is saved as typed, in plain text/;

it.each([
  ["http://me:hush@127.0.0.1:1/", true],
  ["http://127.0.0.1:1/?key=hush", true],
  [" HTTP://hush@localhost", true],
  ["http://127.0.0.1:1/@me", false],
  ["http://127.0.0.1:1/", false],
])("says that a callback URL is kept as it is where it may hold a credential: %s", async (url, told) => {
  const { open } = show();
  useSessions.getState().patch(TARGET, { callback: { to: "url", url } });
  await open();
  await screen.findByLabelText("Name for this request");
  expect(screen.queryByText(PLAIN) !== null).toBe(told);
  act(() => {
    useSessions.getState().patch(TARGET, {
      callback: { to: "nobody" },
      text: form("/", { headers: [{ name: "x-callback-URL", value: url }] }),
    });
  });
  expect(screen.queryByText(PLAIN) !== null).toBe(told);
});

it("shows why saving failed", async () => {
  const { user, open, panel } = show();
  panel.handlers.save_request = () => {
    throw fail(
      "limit_exceeded",
      "100 requests are saved of this function, which is as many as there can be.",
    );
  };
  await open();
  await user.type(await screen.findByLabelText("Name for this request"), "more{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("100 requests");
});
