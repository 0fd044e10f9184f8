import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { type FixturePanel, fail } from "./fixtures/panel";
import { sampleEntities } from "./fixtures/samples";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const PAGE = "/c/local/ns/playground";
const SHOP = "0af3b1c2d3e4f5061728394a5b6c7d8e";

const calls = (panel: FixturePanel, command: string) =>
  panel.calls.filter((call) => call.command === command).map(({ args }) => args);
const button = (name: string | RegExp) => screen.findByRole("button", { name }, SLOW);
const dialogNamed = async (name: string | RegExp) =>
  within(await screen.findByRole("dialog", { name }, SLOW));

async function write(label: string, text: string) {
  const content = await screen.findByRole("textbox", { name: label }, SLOW);
  const view = EditorView.findFromDOM(content);
  if (!view) throw new Error("no editor");
  act(() => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }));
}

describe("a namespace's packages", () => {
  it("keeps a package's parameters digit by digit, and changes only what was edited", async () => {
    const { panel } = renderApp(`${PAGE}?tab=packages`);
    await userEvent.click(await button("Change images"));
    const dialog = await dialogNamed("Change images");
    await waitFor(
      () =>
        expect(screen.getByRole("textbox", { name: "Parameters" })).toHaveTextContent("12345678901234567890"),
      SLOW,
    );
    await userEvent.click(dialog.getByRole("checkbox", { name: /^Public/ }));
    await userEvent.click(dialog.getByRole("button", { name: "Save package" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument(), SLOW);
    expect(calls(panel, "put_package")).toEqual([
      {
        connection: "local",
        namespace: "playground",
        name: "images",
        replace: true,
        draft: {
          parameters: [
            { key: "bucket", value: '"pictures"' },
            { key: "limit", value: "12345678901234567890" },
          ],
          publish: true,
          binding: null,
        },
      },
    ]);
    expect(await screen.findByText("Public", {}, SLOW)).toBeVisible();
  });

  it("makes a binding, but not without the package", async () => {
    const { panel } = renderApp(`${PAGE}?tab=packages`);
    await userEvent.click(await button("New package"));
    const dialog = await dialogNamed("New package");
    await userEvent.click(dialog.getByRole("radio", { name: "Binding of another package" }));
    await userEvent.type(dialog.getByLabelText("Name"), "mine");
    await userEvent.type(dialog.getByLabelText("Binding of"), "utils");
    await userEvent.click(dialog.getByRole("button", { name: "Create binding" }));
    expect(await dialog.findByText(/The package to bind/, {}, SLOW)).toBeVisible();
    expect(calls(panel, "put_package")).toHaveLength(0);
    await userEvent.clear(dialog.getByLabelText("Binding of"));
    await userEvent.type(dialog.getByLabelText("Binding of"), "/whisk.system/utils");
    await userEvent.click(dialog.getByRole("button", { name: "Create binding" }));
    await waitFor(() => expect(calls(panel, "put_package")).toHaveLength(1), SLOW);
    expect(calls(panel, "put_package")[0]).toMatchObject({
      name: "mine",
      replace: false,
      draft: { binding: { namespace: "whisk.system", name: "utils" } },
    });
  });

  it("deletes one with its functions only when its name is typed", async () => {
    const { panel } = renderApp(`${PAGE}?tab=packages`);
    await userEvent.click(await button("Delete images"));
    const dialog = await dialogNamed("Delete the package images and its function?");
    expect(dialog.getByText(/images\/resize/)).toBeVisible();
    const remove = dialog.getByRole("button", { name: /^Delete package/ });
    expect(remove).toBeDisabled();
    await userEvent.type(dialog.getByRole("textbox"), "images");
    await userEvent.click(remove);
    await waitFor(() => expect(screen.queryByRole("button", { name: "Delete images" })).toBeNull(), SLOW);
    expect(calls(panel, "delete_entity")[0]).toMatchObject({ collection: "packages", force: true });
  });

  it("asks no name for a binding, whose functions stay", async () => {
    const { panel } = renderApp(`${PAGE}?tab=packages`);
    await userEvent.click(await button("Delete tools"));
    const dialog = await dialogNamed("Delete the package tools?");
    await userEvent.click(dialog.getByRole("button", { name: "Delete package" }));
    await waitFor(() => expect(calls(panel, "delete_entity")).toHaveLength(1), SLOW);
    expect(calls(panel, "delete_entity")[0]).toMatchObject({ name: "tools", force: false });
  });
});

describe("a namespace's triggers", () => {
  it("fires with an input, and leads to its activation", async () => {
    const { panel } = renderApp(`${PAGE}?tab=triggers`);
    await userEvent.click(await button("Fire order-placed"));
    const dialog = await dialogNamed("Fire order-placed");
    await write("Input", '{"order": 7');
    expect(dialog.getByRole("button", { name: "Fire trigger" })).toBeDisabled();
    await write("Input", '{"order": 7}');
    await userEvent.click(dialog.getByRole("button", { name: "Fire trigger" }));
    await userEvent.click(await dialog.findByRole("button", { name: "View activation" }, SLOW));
    await waitFor(() => expect(window.location.pathname).toBe("/activations"), SLOW);
    expect(calls(panel, "fire_trigger")[0]).toMatchObject({ name: "order-placed", input: '{"order": 7}' });
    expect(new URLSearchParams(window.location.search).get("id")).toBe(panel.runs[0]?.id);
    expect(calls(panel, "sync_connection")).toHaveLength(0);
  });

  it("says that nothing was called where no rule is active, and offers to join one", async () => {
    renderApp(`${PAGE}?tab=triggers`);
    await userEvent.click(await button("Fire nightly"));
    const dialog = await dialogNamed("Fire nightly");
    await userEvent.click(dialog.getByRole("button", { name: "Fire trigger" }));
    expect(await dialog.findByText(/no active rule joins this trigger/, {}, SLOW)).toBeVisible();
    await userEvent.click(dialog.getByRole("button", { name: "New rule" }));
    const rule = await dialogNamed("New rule");
    await waitFor(() => expect(rule.getByLabelText("When")).toHaveValue("nightly"), SLOW);
  });

  it("fires at production in red, and reads the provider's record before it shows it", async () => {
    const { panel } = renderApp(`/c/${SHOP}/ns/fn-378ae839?tab=triggers`, (prepared) => {
      prepared.entities[`${SHOP}/fn-378ae839`] = sampleEntities("fn-378ae839");
    });
    await userEvent.click(await button("Fire order-placed"));
    const dialog = await dialogNamed("Fire order-placed");
    await userEvent.click(dialog.getByRole("button", { name: "Fire in production" }));
    await userEvent.click(await dialog.findByRole("button", { name: "View activation" }, SLOW));
    await waitFor(() => expect(calls(panel, "sync_connection")).toEqual([{ id: SHOP }]), SLOW);
  });
});

describe("a namespace's rules", () => {
  it("switches one, and puts the switch back when that is refused", async () => {
    const { panel } = renderApp(`${PAGE}?tab=rules`);
    const notify = await screen.findByRole("switch", { name: "notify is active" }, SLOW);
    await userEvent.click(notify);
    await waitFor(() => expect(notify).toBeChecked(), SLOW);
    expect(calls(panel, "set_rule_active")[0]).toMatchObject({ name: "notify", active: true });
    panel.handlers.set_rule_active = () => {
      throw fail("unreachable", "It does not answer.");
    };
    const bill = screen.getByRole("switch", { name: "bill is active" });
    await userEvent.click(bill);
    expect(await screen.findByText("It does not answer.", {}, SLOW)).toBeVisible();
    await waitFor(() => expect(bill).toBeChecked(), SLOW);
  });

  it("joins a trigger to a function of a binding, and shows what others change", async () => {
    const { panel } = renderApp(`${PAGE}?tab=rules`);
    await userEvent.click(await button("New rule"));
    const dialog = await dialogNamed("New rule");
    await userEvent.type(dialog.getByLabelText("Name"), "echo-it");
    await userEvent.selectOptions(dialog.getByLabelText("When"), "nightly");
    await userEvent.selectOptions(dialog.getByLabelText("Call"), "tools/echo");
    await userEvent.click(dialog.getByRole("button", { name: "Create rule" }));
    expect(await screen.findByText("echo-it", {}, SLOW)).toBeVisible();
    expect(calls(panel, "put_rule")[0]).toMatchObject({
      draft: {
        trigger: { namespace: "playground", name: "nightly" },
        action: { namespace: "playground", name: "tools/echo" },
      },
    });
    // Somebody deletes the trigger with another client.
    const all = panel.entities["local/playground"];
    if (all) all.triggers = all.triggers.filter(({ name }) => name !== "nightly");
    act(() => panel.emit({ type: "functions", connection: "local" }));
    expect(await screen.findByText("No trigger", {}, SLOW)).toBeVisible();
    expect(screen.getByRole("tab", { name: /^Triggers/ })).toHaveTextContent("1");
  });

  it("leads from a rule without any trigger to a new trigger", async () => {
    renderApp(`${PAGE}?tab=rules`, (prepared) => {
      prepared.entities = {};
    });
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New rule" }, SLOW))[0] as HTMLElement,
    );
    const dialog = await dialogNamed("New rule");
    await userEvent.click(await dialog.findByRole("button", { name: "New trigger" }, SLOW));
    const next = await dialogNamed("New trigger");
    await userEvent.type(next.getByLabelText("Name"), "tick");
    await userEvent.click(next.getByRole("button", { name: "Create trigger" }));
    await waitFor(() => expect(screen.getByRole("tab", { name: /^Triggers/ })).toHaveTextContent("1"), SLOW);
  });
});

describe("the palette", () => {
  it("makes a package from anywhere, in a namespace that is chosen", async () => {
    const { panel } = renderApp("/settings", (prepared) => {
      prepared.namespaces.push({ name: "team", label: "Team", created: 0 });
    });
    await screen.findByRole("treeitem", { name: "hello" }, SLOW);
    await userEvent.keyboard("{Control>}k{/Control}");
    const search = await screen.findByPlaceholderText("Search functions, pages and actions", {}, SLOW);
    await userEvent.type(search, "new package{Enter}");
    const dialog = await dialogNamed("New package");
    await userEvent.type(dialog.getByLabelText("Name"), "mail");
    await userEvent.selectOptions(dialog.getByLabelText("Namespace"), "team");
    await userEvent.click(dialog.getByRole("button", { name: "Create package" }));
    await waitFor(() => expect(calls(panel, "put_package")[0]).toMatchObject({ namespace: "team" }), SLOW);
  });
});
