import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { InvokeReply, ResponsePart } from "@/platform";
import { toBase64 } from "@/ui/base64";
import { type FixturePanel, fail } from "./fixtures/panel";
import { makeId, sampleRun } from "./fixtures/samples";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const ID = makeId(7001);

let panel: FixturePanel;
let finish: (reply: InvokeReply) => void;
let breakOff: (error: unknown) => void;

const part = (each: ResponsePart) => panel.feed("invoke_http_live", each);
const comes = (text: string, afterMs: number) =>
  part({ type: "piece", base64: toBase64(new TextEncoder().encode(text)), afterMs });
const pane = () => within(screen.getByTestId("invoke-result"));
const events = () =>
  pane()
    .getAllByRole("option")
    .map(({ textContent }) => textContent);

function ended(status: "success" | "cancelled"): InvokeReply {
  const activation = sampleRun(1, {
    id: ID,
    function: "hello",
    status,
    result: '"all of it"',
    mode: "blocking",
  });
  return { activation, promoted: false };
}

beforeEach(async () => {
  ({ panel } = renderApp("/c/local/ns/playground/fn/hello?tab=invoke", (prepared) => {
    if (prepared.functions[0]) prepared.functions[0].speaksHttp = true;
    prepared.handlers.invoke_http_live = () =>
      new Promise((resolve, reject) => {
        finish = resolve;
        breakOff = reject;
      });
  }));
  const run = await screen.findByTestId("run-button", {}, SLOW);
  await waitFor(() => expect(run).toBeEnabled(), SLOW);
  fireEvent.click(run);
  await waitFor(() => expect(panel.calls.some(({ command }) => command === "invoke_http_live")).toBe(true));
});

it("shows events while they come, and all of them and the record when they are over", async () => {
  part({ type: "begun", id: ID, status: 200, contentType: "text/event-stream" });
  expect(await screen.findByText(/nothing has come yet/)).toBeVisible();
  comes('id: 1\nevent: tick\ndata: {"n":1}\n', 120);
  expect(within(screen.getByTestId("stream")).queryByRole("option")).toBeNull();
  comes("\ndata:", 200);
  comes(" plain\n\n", 1520);
  await waitFor(() => expect(events()).toEqual(['+0.20 stick#1{"n":1}', "+1.52 splain"]));
  expect(pane().getByText("2 events so far")).toBeVisible();
  const asked = () => panel.calls.some(({ command, args }) => command === "activation" && args.id === ID);
  expect(asked(), "the log has it at its end alone").toBe(false);

  await userEvent.click(pane().getAllByRole("option")[0] as HTMLElement);
  const chosen = within(pane().getByRole("region", { name: "Event" }));
  expect(await chosen.findByText("n", {}, SLOW)).toBeVisible();
  expect(pane().getByRole("button", { name: "Follow the end" })).toBeVisible();
  comes("data: third\n\ndata: unfin", 2000);
  expect(await pane().findByRole("button", { name: "1 new" })).toBeVisible();
  pane().getByRole("listbox", { name: "Events" }).focus();
  await userEvent.keyboard("{Escape}{End}");
  expect(pane().getAllByRole("option")[2]).toHaveAttribute("aria-selected", "true");

  finish(ended("success"));
  expect(await pane().findByText("4 events", {}, SLOW)).toBeVisible();
  expect(events()[3]).toMatch(/unfinnot ended$/);
  expect(pane().getByText("Success")).toBeVisible();
  await userEvent.click(pane().getByRole("radio", { name: "Record" }));
  expect(await pane().findByText(/all of it/, {}, SLOW)).toBeVisible();
}, 30_000);

it("is stopped by its run, and keeps what had come", async () => {
  part({ type: "begun", id: ID, status: 200, contentType: "application/x-ndjson" });
  comes('{"a":1}\n', 10);
  panel.handlers.cancel = () => {
    finish(ended("cancelled"));
    return true;
  };
  await userEvent.click(await pane().findByRole("button", { name: "Cancel" }));
  expect(panel.calls.find(({ command }) => command === "cancel")?.args).toEqual({ id: ID });
  expect(await pane().findByText("Cancelled", {}, SLOW)).toBeVisible();
  expect(pane().getByText("1 line")).toBeVisible();
  expect(events()).toEqual(['+0.01 s{"a":1}']);
});

it("keeps what had come beside the error when the call fails on its way", async () => {
  part({ type: "begun", id: ID, status: 200, contentType: "application/x-ndjson" });
  comes('{"a":1}\n{"b"', 10);
  breakOff(fail("internal", "The worker is gone."));
  expect(await pane().findByRole("alert", {}, SLOW)).toHaveTextContent("The worker is gone.");
  expect(pane().getByText("2 lines")).toBeVisible();
  expect(events()).toEqual(['+0.01 s{"a":1}', '+0.01 s{"b"']);
  expect(screen.getByTestId("run-button")).toBeEnabled();
});

it("is the record alone where nothing came bit by bit", async () => {
  finish(ended("success"));
  expect(await pane().findByText(/all of it/, {}, SLOW)).toBeVisible();
  expect(screen.queryByTestId("stream")).toBeNull();
});
