import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { ACCOUNT_CONNECTION } from "./fixtures/accounts";
import { type FixturePanel, fail } from "./fixtures/panel";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const connection = ACCOUNT_CONNECTION.id;
const PAGE = `/c/${connection}/ns/${ACCOUNT_CONNECTION.accountNamespace}?tab=schedules`;

const calls = (panel: FixturePanel, command: string) =>
  panel.calls.filter((call) => call.command === command).map(({ args }) => args);
const dialogNamed = async (name: string) => within(await screen.findByRole("dialog", { name }, SLOW));
const gone = () => waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument(), SLOW);

function open(prepare: (panel: FixturePanel) => void = () => undefined) {
  return renderApp(PAGE, (panel) => {
    panel.connectAccount();
    prepare(panel);
  });
}

async function row(name: string) {
  const found = (await screen.findAllByTestId("scheduled-trigger-row", {}, SLOW)).find((each) =>
    each.textContent?.includes(name),
  );
  if (!found) throw new Error(`no row ${name}`);
  return found;
}

describe("the schedules of a namespace at a provider", () => {
  it("are listed in words, with a link to the function, and switched", async () => {
    const { panel } = open((prepared) => {
      prepared.functions = prepared.functions.filter(({ function: f }) => f.name !== "remind");
    });
    const monthEnd = await row("month-end");
    expect(await within(monthEnd).findByText("By 0 0 1 * *, in words.", {}, SLOW)).toBeVisible();
    expect(within(monthEnd).getByRole("link", { name: "invoices/close" })).toHaveAttribute(
      "href",
      `/c/${connection}/ns/fn-1c9d0a77/fn/invoices/close`,
    );
    expect(within(monthEnd).queryByText("No function")).toBeNull();
    expect(await within(await row("reminders")).findByText("No function", {}, SLOW)).toBeVisible();

    const toggle = screen.getByRole("switch", { name: "reminders is on" });
    expect(toggle).not.toBeChecked();
    await userEvent.click(toggle);
    await waitFor(() => expect(screen.getByRole("switch", { name: "reminders is on" })).toBeEnabled(), SLOW);
    expect(screen.getByRole("switch", { name: "reminders is on" })).toBeChecked();
    expect(calls(panel, "enable_scheduled_trigger")).toEqual([
      { connection, name: "reminders", enabled: true },
    ]);
  });

  it("takes a new one for a function of the namespace, once it can fire", async () => {
    const { panel } = open();
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New schedule" }, SLOW))[0] as Element,
    );
    const dialog = await dialogNamed("New schedule");
    await userEvent.type(dialog.getByLabelText("Name"), "nightly");
    const cron = dialog.getByLabelText("When, as a cron expression in UTC");
    await userEvent.clear(cron);
    await userEvent.type(cron, "0 3 * *");
    await userEvent.click(dialog.getByRole("button", { name: "Create schedule" }));
    expect(await dialog.findByText("Choose a function.", {}, SLOW)).toBeVisible();
    expect(dialog.getByText("Five fields: minute, hour, day, month, weekday.")).toBeVisible();
    expect(calls(panel, "put_scheduled_trigger")).toEqual([]);

    await userEvent.type(cron, " 1");
    const choice = dialog.getByLabelText("Function");
    expect(
      within(choice)
        .getAllByRole("option")
        .map((each) => each.textContent),
    ).toEqual(["Choose a function", "invoices/close", "remind"]);
    await userEvent.selectOptions(choice, "remind");
    await userEvent.click(dialog.getByRole("checkbox", { name: "Switched on" }));
    await userEvent.click(dialog.getByRole("button", { name: "Create schedule" }));
    await gone();
    expect(calls(panel, "put_scheduled_trigger")).toEqual([
      {
        connection,
        name: "nightly",
        replace: false,
        draft: { function: "remind", cron: "0 3 * * 1", body: "{}", enabled: false },
      },
    ]);
    expect(await row("nightly")).toHaveTextContent("remind");
  });

  it("keeps the function and every digit of the input when one is changed", async () => {
    const { panel } = open();
    await userEvent.click(await screen.findByRole("button", { name: "Change month-end" }, SLOW));
    const dialog = await dialogNamed("Change month-end");
    expect(dialog.queryByLabelText("Function")).toBeNull();
    const content = await screen.findByRole("textbox", { name: "Input" }, SLOW);
    const view = EditorView.findFromDOM(content);
    if (!view) throw new Error("no editor");
    const text = view.state.doc.toString();
    expect(text).toContain("12345678901234567890");
    act(() => view.dispatch({ changes: { from: 0, to: text.length, insert: "[1]" } }));
    await userEvent.click(dialog.getByRole("button", { name: "Save schedule" }));
    expect(await dialog.findByText(/A JSON object is expected/, {}, SLOW)).toBeVisible();
    act(() => view.dispatch({ changes: { from: 0, to: 3, insert: text } }));
    await userEvent.selectOptions(dialog.getByLabelText("Or pick a usual one"), "Every hour");
    await userEvent.click(dialog.getByRole("button", { name: "Save schedule" }));
    await gone();
    expect(calls(panel, "put_scheduled_trigger")).toEqual([
      {
        connection,
        name: "month-end",
        replace: true,
        draft: { function: "invoices/close", cron: "0 * * * *", body: text, enabled: true },
      },
    ]);
  });

  it("are deleted at production only when the name is typed", async () => {
    const { panel } = open((prepared) => {
      for (const each of prepared.connections) if (each.id === connection) each.environment = "production";
    });
    await userEvent.click(await screen.findByRole("button", { name: "Delete reminders" }, SLOW));
    const dialog = await dialogNamed("Delete the schedule reminders?");
    expect(dialog.getByText("Billing is a production connection.")).toBeVisible();
    const remove = dialog.getByRole("button", { name: "Delete schedule" });
    expect(remove).toBeDisabled();
    await userEvent.type(dialog.getByRole("textbox"), "reminders");
    await userEvent.click(remove);
    await waitFor(() => expect(screen.queryByRole("button", { name: "Delete reminders" })).toBeNull(), SLOW);
    expect(calls(panel, "delete_scheduled_trigger")).toEqual([{ connection, name: "reminders" }]);
  });

  it("say what to do where the account's token is not kept", async () => {
    open((prepared) => {
      prepared.handlers.scheduled_triggers = () => {
        throw fail("not_supported", "The token of the account ada@example.com is not kept.", {
          hint: "Connect the account again, and have its token kept.",
        });
      };
    });
    expect(await screen.findByText(/have its token kept/, {}, SLOW)).toBeVisible();
    expect(screen.queryByRole("button", { name: "New schedule" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Use an API token…" }));
    expect(await screen.findByRole("dialog", { name: "Add a connection" }, SLOW)).toBeVisible();
  });

  it("are not there for a namespace without an account", async () => {
    const { panel } = renderApp("/c/0af3b1c2d3e4f5061728394a5b6c7d8e/ns/fn-378ae839?tab=schedules");
    expect(await screen.findByRole("tab", { name: /^Packages/ }, SLOW)).toBeVisible();
    expect(screen.queryByRole("tab", { name: /^Schedules/ })).toBeNull();
    expect(screen.getByRole("tab", { name: /^Functions/ })).toHaveAttribute("aria-selected", "true");
    expect(calls(panel, "scheduled_triggers")).toEqual([]);
  });
});
