import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Exchange } from "@/platform";
import { sampleRun } from "../../tests/fixtures/samples";
import { renderApp } from "../../tests/render-app";

const SLOW = { timeout: 15_000 };

const HTTP: Exchange = {
  method: "PUT",
  path: "/things",
  query: "x=1",
  headers: [
    ["X-A", "1"],
    ["Authorization", "***"],
  ],
  body: "json",
  status: 200,
  responseHeaders: [],
  responseBody: "json",
};

function show(http: Exchange) {
  const run = sampleRun(1, { http, input: '{"a":1}', mode: "blocking" });
  const { panel } = renderApp(`/activations?id=${run.id}`, (panel) => {
    panel.runs = [run];
    if (panel.functions[0]) panel.functions[0].speaksHttp = true;
    panel.handlers.invoke_http = () => ({ activation: sampleRun(2), promoted: false });
    panel.handlers.invoke_http_live = panel.handlers.invoke_http;
  });
  const sent = () =>
    panel.calls.filter(({ command }) => command.startsWith("invoke_http")).map(({ args }) => args);
  return { run, sent };
}

it("asks for the credentials of a request before it is sent again", async () => {
  const { run, sent } = show(HTTP);
  await userEvent.click((await screen.findAllByTestId("rerun", {}, SLOW))[0] as HTMLElement);
  const editor = within(await screen.findByTestId("request-editor", {}, SLOW));
  expect(editor.getByLabelText("Method")).toHaveValue("PUT");
  expect(editor.getByLabelText("Path and query")).toHaveValue("/things?x=1");
  await userEvent.click(screen.getByTestId("run-button"));
  expect(await screen.findByRole("alert")).toHaveTextContent("Authorization");
  expect(sent()).toEqual([]);
  const secret = await editor.findByLabelText("Header 2: value");
  await waitFor(() => expect(secret).toHaveFocus());
  await userEvent.type(secret, "Bearer x");
  await userEvent.click(screen.getByTestId("run-button"));
  await waitFor(() => expect(sent()).toHaveLength(1));
  expect(sent()[0]).toMatchObject({
    rerunOf: run.id,
    request: {
      method: "PUT",
      path: "/things",
      query: "x=1",
      headers: [
        ["X-A", "1"],
        ["Authorization", "Bearer x"],
      ],
      body: { type: "text", text: '{"a":1}' },
    },
  });
});

it("sends a request without credentials again as it was", async () => {
  const { run, sent } = show({ ...HTTP, headers: [["X-A", "1"]] });
  await userEvent.click((await screen.findAllByTestId("rerun", {}, SLOW))[0] as HTMLElement);
  await waitFor(() => expect(sent()).toHaveLength(1));
  expect(sent()[0]).toMatchObject({ rerunOf: run.id, request: { headers: [["X-A", "1"]] } });
});

it("offers no run again for a trigger's firing", async () => {
  const run = sampleRun(1, { kind: "trigger", input: null });
  renderApp(`/activations?id=${run.id}`, (panel) => {
    panel.runs = [run];
  });
  expect((await screen.findAllByRole("button", { name: "Copy id" }, SLOW)).length).toBeGreaterThan(0);
  expect(screen.queryByTestId("rerun")).toBeNull();
  expect(screen.queryByRole("button", { name: /Edit/ })).toBeNull();
});
