import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { fail } from "./fixtures/panel";
import { OVERVIEW } from "./fixtures/samples";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const HELLO = "/c/local/ns/playground/fn/hello?tab=invoke";

const runButton = () => screen.findByTestId("run-button", {}, SLOW);
const ready = async () => {
  const button = await runButton();
  await waitFor(() => expect(button).toBeEnabled(), SLOW);
  return button;
};
const result = () => within(screen.getByTestId("invoke-result"));

describe("the first page", () => {
  it("is the first function, ready to run with its template's input", async () => {
    const { panel } = renderApp("/");
    await ready();
    expect(window.location.pathname).toBe("/c/local/ns/playground/fn/hello");
    expect(window.location.search).toBe("?tab=invoke");
    expect(screen.getByRole("heading", { level: 1, name: "hello" })).toBeVisible();
    await userEvent.click(await ready());
    await waitFor(() => expect(panel.calls.some(({ command }) => command === "invoke")).toBe(true));
    expect(panel.calls.find(({ command }) => command === "invoke")?.args).toEqual({
      function: { connection: "local", namespace: "playground", name: "hello" },
      input: '{\n  "name": "Ada"\n}',
      mode: "blocking",
    });
  });

  it("does not call back who has left it before the panel answered", async () => {
    let answer = () => {};
    renderApp("/", (prepared) => {
      const overview = structuredClone(OVERVIEW);
      prepared.handlers.overview = () => new Promise((resolve) => (answer = () => resolve(overview)));
    });
    fireEvent.click(await screen.findByRole("link", { name: "Connections" }, SLOW));
    answer();
    expect(await screen.findByRole("heading", { level: 1, name: "Connections" }, SLOW)).toBeVisible();
    expect(window.location.pathname).toBe("/connections");
  });

  it("shows result, status, warmth, logs and the way to the record after one click", async () => {
    renderApp(HELLO);
    await userEvent.click(await ready());
    expect(await result().findByText("Success", {}, SLOW)).toBeVisible();
    expect(await result().findByText(/Hello, Ada!/, {}, SLOW)).toBeVisible();
    expect(result().getByText("Cold start")).toBeVisible();
    const logs = within(result().getByRole("region", { name: "Logs" }));
    expect(await logs.findByText("greeting Ada", {}, SLOW)).toBeVisible();
    const id = result().getByTestId("activation-id").textContent;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(result().getByRole("link", { name: /activation log/ })).toHaveAttribute(
      "href",
      `/activations?id=${id}`,
    );
  });

  it("prefers what was typed last to the template", async () => {
    const { panel } = renderApp(HELLO, (prepared) =>
      prepared.drafts.set("local/playground/hello", '{"name":"Grace"}'),
    );
    await userEvent.click(await ready());
    expect(await result().findByText(/Hello, Grace!/, {}, SLOW)).toBeVisible();
    expect(panel.calls.find(({ command }) => command === "invoke")?.args.input).toBe('{"name":"Grace"}');
  });

  it("does not send what is not a JSON object, and says where it is wrong", async () => {
    const { panel } = renderApp(HELLO, (prepared) =>
      prepared.drafts.set("local/playground/hello", '{"name": oops}'),
    );
    await userEvent.click(await ready());
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "Not sent. A value cannot start with 'o' (line 1, column 10).",
    );
    expect(panel.calls.some(({ command }) => command === "invoke")).toBe(false);
  });

  it("shows a refused call with its hint where the result would be", async () => {
    renderApp(HELLO, (prepared) => {
      prepared.handlers.invoke = () => {
        throw fail("runtime_missing", "Node.js is not on this machine.", { hint: "apt-get install nodejs" });
      };
    });
    await userEvent.click(await ready());
    expect(await result().findByRole("alert", {}, SLOW)).toHaveTextContent("Node.js is not on this machine.");
    expect(result().getByText("apt-get install nodejs")).toBeVisible();
    expect(result().getByRole("link", { name: "Open Settings" })).toHaveAttribute("href", "/settings");
  });

  it("follows an asynchronous run to its end", async () => {
    const { panel } = renderApp(HELLO, (prepared) => {
      prepared.runTime = 3_000;
    });
    await ready();
    await userEvent.click(screen.getByRole("radio", { name: "Async" }));
    await userEvent.click(await ready());
    expect(await result().findByRole("button", { name: "Cancel" }, SLOW)).toBeVisible();
    expect(result().getAllByText("Running")[0]).toBeVisible();
    expect(await result().findByText("Success", {}, SLOW)).toBeVisible();
    expect(result().queryByRole("button", { name: "Cancel" })).not.toBeInTheDocument();
    expect(panel.calls.find(({ command }) => command === "invoke")?.args.mode).toBe("non_blocking");
  });

  it("cancels a blocking run that is under way", async () => {
    const { panel } = renderApp(HELLO, (prepared) => {
      prepared.runTime = 60_000;
    });
    await userEvent.click(await ready());
    await userEvent.click(await result().findByRole("button", { name: "Cancel" }, SLOW));
    expect(await result().findByText("Cancelled", {}, SLOW)).toBeVisible();
    expect(panel.calls.some(({ command }) => command === "cancel")).toBe(true);
  });

  it("says when a blocking call became asynchronous", async () => {
    renderApp(HELLO, (prepared) => {
      prepared.handlers.invoke = () => ({
        activation: { ...prepared.runs[0], status: "running" },
        promoted: true,
      });
    });
    await userEvent.click(await ready());
    expect(await result().findByText(/became asynchronous/, {}, SLOW)).toBeVisible();
  });

  it("offers an asynchronous call of a web function, too", async () => {
    renderApp("/c/local/ns/playground/fn/hello-shell?tab=invoke");
    await ready();
    expect(screen.getByRole("radio", { name: "Async" })).toBeEnabled();
  });

  it("marks a run in production as one", async () => {
    const shop = "0af3b1c2d3e4f5061728394a5b6c7d8e";
    renderApp(`/c/${shop}/ns/fn-378ae839/fn/orders/total?tab=invoke`);
    expect(await screen.findByRole("button", { name: "Run in production" }, SLOW)).toBeVisible();
    expect(screen.getAllByText("Production").length).toBeGreaterThan(1);
  });
});
