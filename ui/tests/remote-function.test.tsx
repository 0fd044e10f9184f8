import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { type FixturePanel, fail } from "./fixtures/panel";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const SHOP = "0af3b1c2d3e4f5061728394a5b6c7d8e";
const NAMESPACE = `/c/${SHOP}/ns/fn-378ae839`;
const TOTAL = `${NAMESPACE}/fn/orders/total`;
const REF = { connection: SHOP, namespace: "fn-378ae839", name: "orders/total" };

const calls = (panel: FixturePanel, command: string) =>
  panel.calls.filter((call) => call.command === command).map(({ args }) => args);

function total(panel: FixturePanel) {
  const found = panel.functions.find(({ function: f }) => f.name === REF.name);
  if (!found) throw new Error("no orders/total");
  return found;
}

describe("a function at a provider", () => {
  it("is created with a kind of the provider, in red at production", async () => {
    const { panel } = renderApp(NAMESPACE);
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New function" }, SLOW))[0] as HTMLElement,
    );
    const dialog = within(await screen.findByRole("dialog", { name: "New function" }, SLOW));
    await userEvent.type(dialog.getByLabelText("Name"), "mail/send");
    expect(await dialog.findByRole("option", { name: "Node.js 18 (default)" }, SLOW)).toBeInTheDocument();
    expect(dialog.queryByRole("option", { name: /Node.js 14/ })).toBeNull();
    expect(dialog.getByText("From a project only: Swift.")).toBeVisible();
    await userEvent.selectOptions(dialog.getByLabelText("Runtime"), "python:3.9");
    await userEvent.click(dialog.getByRole("button", { name: "Create in production" }));
    await waitFor(() => expect(window.location.pathname).toBe(`${NAMESPACE}/fn/mail/send`), SLOW);
    expect(calls(panel, "create_function")).toHaveLength(1);
    expect(calls(panel, "create_function")[0]).toMatchObject({
      function: { connection: SHOP, namespace: "fn-378ae839", name: "mail/send" },
      kind: "python:3.9",
      code: { type: "source", text: expect.stringContaining("def main(args)") },
    });
    expect(calls(panel, "create_function")[0]).not.toHaveProperty("contract");
  });

  it("takes any kind where the provider does not say which it runs", async () => {
    const { panel } = renderApp(NAMESPACE, (prepared) => {
      prepared.handlers.kinds = () => {
        throw fail("not_supported", "The provider does not say its kinds.");
      };
    });
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New function" }, SLOW))[0] as HTMLElement,
    );
    const dialog = within(await screen.findByRole("dialog", { name: "New function" }, SLOW));
    await userEvent.type(dialog.getByLabelText("Name"), "hi");
    await dialog.findByText(/is not known/, {}, SLOW);
    const kind = dialog.getByLabelText("Runtime");
    await userEvent.clear(kind);
    await userEvent.type(kind, "swift:5.1");
    await userEvent.click(dialog.getByRole("button", { name: "Create in production" }));
    expect(await dialog.findByText(/no template for it.*nodejs, python/, {}, SLOW)).toBeVisible();
    await userEvent.clear(kind);
    await userEvent.type(kind, "nodejs:default");
    await userEvent.click(dialog.getByRole("button", { name: "Create in production" }));
    await waitFor(() => expect(calls(panel, "create_function")).toMatchObject([{ kind: "nodejs:default" }]));
  });

  it("takes new code, and shows nothing that only the engine has", async () => {
    const { panel } = renderApp(`${TOTAL}?tab=code`, (prepared) => {
      total(prepared).code = { type: "opaque", reason: "The provider holds it as a package." };
    });
    expect(await screen.findByText("The code cannot be shown", {}, SLOW)).toBeVisible();
    const file = new File([new Uint8Array([80, 75, 5, 6])], "new.zip", { type: "application/zip" });
    fireEvent.change(screen.getByLabelText("Zip file"), { target: { files: [file] } });
    await waitFor(() => expect(calls(panel, "save_code")[0]).toMatchObject({ function: REF }), SLOW);
    expect(screen.queryByRole("button", { name: "From a folder…" })).toBeNull();
    expect(screen.queryByRole("tab", { name: "Triggers" })).toBeNull();
    expect(screen.queryByText("Read-only")).toBeNull();
  });

  it("saves its settings whatever its limits are, and sends nothing of the engine's", async () => {
    const { panel } = renderApp(`${TOTAL}?tab=settings`, (prepared) => {
      // Out of the bounds of the local engine, and in part not shown.
      total(prepared).limits = { timeoutMs: 1_800_000, memoryMb: 8192, logsKb: 0, concurrency: 200 };
    });
    const main = await screen.findByLabelText("Entry point", {}, SLOW);
    expect(screen.queryByLabelText("Contract")).toBeNull();
    expect(screen.queryByLabelText("At the same time")).toBeNull();
    expect(screen.queryByText("After a crash")).toBeNull();
    await userEvent.type(main, "handler");
    const logs = screen.getByLabelText("Log per run");
    await userEvent.clear(logs);
    await userEvent.type(logs, "1000");
    await userEvent.click(screen.getByRole("button", { name: "Save in production" }));
    expect(await screen.findByText(/whole MB\.$/, {}, SLOW)).toBeVisible();
    await userEvent.clear(logs);
    await userEvent.type(logs, "1024");
    await userEvent.click(screen.getByRole("button", { name: "Save in production" }));
    await waitFor(() => expect(calls(panel, "configure_function")).toHaveLength(1), SLOW);
    expect(calls(panel, "configure_function")[0].settings).toMatchObject({
      main: "handler",
      contract: null,
      settings: null,
      env: [],
      limits: { timeoutMs: 1_800_000, memoryMb: 8192, logsKb: 1024, concurrency: 200 },
    });
  });

  it("names its environment variables, and sets one without a secret store", async () => {
    const { panel } = renderApp(`${TOTAL}?tab=settings`, (prepared) => {
      total(prepared).secrets = ["DB_URL"];
    });
    expect(await screen.findByText("DB_URL", {}, SLOW)).toBeVisible();
    expect(screen.queryByRole("heading", { name: "Secrets" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Add variable…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Add variable" }, SLOW));
    await userEvent.type(dialog.getByLabelText("Name"), "REGION");
    await userEvent.type(dialog.getByLabelText("Value"), "lon1");
    await userEvent.click(dialog.getByRole("button", { name: "Add variable" }));
    await waitFor(
      () =>
        expect(calls(panel, "set_function_secret")).toEqual([
          { function: REF, name: "REGION", value: "lon1" },
        ]),
      SLOW,
    );
    expect(await screen.findByText("REGION", {}, SLOW)).toBeVisible();
  });

  it("is deleted at the provider once its name is typed", async () => {
    const { panel } = renderApp(`${TOTAL}?tab=overview`);
    await userEvent.click(await screen.findByRole("button", { name: "Actions for the function" }, SLOW));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Delete…" }, SLOW));
    const dialog = within(await screen.findByRole("dialog", { name: "Delete orders/total?" }, SLOW));
    expect(dialog.getByText("Shop is a production connection.")).toBeVisible();
    await userEvent.type(dialog.getByRole("textbox"), "orders/total");
    await userEvent.click(dialog.getByRole("button", { name: "Delete function" }));
    await waitFor(
      () =>
        expect(calls(panel, "delete_function")).toEqual([{ function: REF, confirmation: "orders/total" }]),
      SLOW,
    );
  });
});
