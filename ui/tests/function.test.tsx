import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { type FixturePanel, fail } from "./fixtures/panel";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const PYTHON = "/c/local/ns/playground/fn/hello-python";

const calls = (panel: FixturePanel, command: string) =>
  panel.calls.filter((call) => call.command === command).map(({ args }) => args);
/** Somebody else saves the function. */
function saveElsewhere(panel: FixturePanel) {
  const found = panel.functions.find(({ function: f }) => f.name === "hello-python");
  if (found) found.version = "0.0.9";
}

describe("function settings", () => {
  it("saves the environment as the next version", async () => {
    const { panel } = renderApp(`${PYTHON}?tab=settings`);
    await userEvent.click(await screen.findByRole("button", { name: "Add variable" }, SLOW));
    await userEvent.type(screen.getByLabelText("Environment: name 2"), "ZONE");
    await userEvent.type(screen.getByLabelText("Environment: value 2"), "a b");
    await userEvent.click(screen.getByRole("button", { name: "Save settings" }));
    await waitFor(() => expect(calls(panel, "configure_function")).toHaveLength(1), SLOW);
    expect(calls(panel, "configure_function")[0]).toMatchObject({
      expectedVersion: "0.0.1",
      settings: {
        env: [
          { name: "REGION", value: "lon1" },
          { name: "ZONE", value: "a b" },
        ],
      },
    });
    await waitFor(() =>
      expect(screen.queryByRole("button", { name: "Save settings" })).not.toBeInTheDocument(),
    );
    expect(screen.getByTitle("Version")).toHaveTextContent("0.0.2");
  });

  it("does not save what is wrong, and marks it", async () => {
    const { panel } = renderApp(`${PYTHON}?tab=settings`);
    const name = await screen.findByLabelText("Environment: name 1", {}, SLOW);
    await userEvent.clear(name);
    await userEvent.type(name, "1X");
    await userEvent.click(screen.getByRole("button", { name: "Save settings" }));
    await waitFor(() => expect(name).toHaveAttribute("aria-invalid", "true"));
    expect(calls(panel, "configure_function")).toHaveLength(0);
  });

  it("offers the choice when somebody saved in between, and overwrites only when told to", async () => {
    const { panel } = renderApp(`${PYTHON}?tab=settings`);
    const value = await screen.findByLabelText("Environment: value 1", {}, SLOW);
    await userEvent.clear(value);
    await userEvent.type(value, "fra1");
    saveElsewhere(panel);
    await userEvent.click(screen.getByRole("button", { name: "Save settings" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Changed meanwhile" }, SLOW));
    await userEvent.click(dialog.getByRole("button", { name: "Overwrite with mine" }));
    await waitFor(() => expect(calls(panel, "configure_function")).toHaveLength(2), SLOW);
    expect(calls(panel, "configure_function")[1]).toMatchObject({
      expectedVersion: "0.0.9",
      settings: { env: [{ name: "REGION", value: "fra1" }] },
    });
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument(), SLOW);
  });

  it("keeps unsaved changes until leaving is confirmed", async () => {
    renderApp(`${PYTHON}?tab=settings`);
    const value = await screen.findByLabelText("Environment: value 1", {}, SLOW);
    await userEvent.type(value, "x");
    await userEvent.click(screen.getByRole("link", { name: "Tokens" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Leave without saving?" }, SLOW));
    await userEvent.click(dialog.getByRole("button", { name: "Stay" }));
    expect(window.location.pathname).toBe(PYTHON);
    expect(screen.getByLabelText("Environment: value 1")).toHaveValue("lon1x");
  });

  it("names secrets, never shows them, and removes one after asking", async () => {
    const { panel } = renderApp(`${PYTHON}?tab=settings`, (prepared) => {
      prepared.secretStore = { state: "keychain" };
    });
    expect(await screen.findByText("API_KEY", {}, SLOW)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Remove API_KEY" }));
    const dialog = within(await screen.findByRole("dialog", { name: /Remove the secret/ }));
    await userEvent.click(dialog.getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(screen.queryByText("API_KEY")).not.toBeInTheDocument(), SLOW);
    expect(calls(panel, "remove_function_secret")).toEqual([
      { function: { connection: "local", namespace: "playground", name: "hello-python" }, name: "API_KEY" },
    ]);
  });
});

describe("deleting", () => {
  it("needs the name typed, and ends on the namespace's page", async () => {
    const { panel } = renderApp(`${PYTHON}?tab=settings`);
    await userEvent.click(await screen.findByRole("button", { name: "Delete function…" }, SLOW));
    const dialog = within(await screen.findByRole("dialog"));
    const button = dialog.getByRole("button", { name: "Delete function" });
    expect(button).toBeDisabled();
    await userEvent.type(dialog.getByRole("textbox"), "hello");
    expect(button).toBeDisabled();
    await userEvent.type(dialog.getByRole("textbox"), "-python");
    await userEvent.click(button);
    await waitFor(() => expect(window.location.pathname).toBe("/c/local/ns/playground"), SLOW);
    // The page is left before the function goes, so the call comes after.
    await waitFor(() => expect(calls(panel, "delete_function")).toHaveLength(1), SLOW);
    await waitFor(
      () => expect(screen.queryByRole("treeitem", { name: "hello-python" })).not.toBeInTheDocument(),
      SLOW,
    );
  });
});

describe("creating", () => {
  it("starts from a template whose runtime is there, and tells how to get the others", async () => {
    const { panel } = renderApp("/c/local/ns/playground");
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New function" }, SLOW))[0] as HTMLElement,
    );
    const dialog = within(await screen.findByRole("dialog", { name: "New function" }, SLOW));
    expect(await dialog.findByRole("radio", { name: /^Shell/ }, SLOW)).toBeDisabled();
    expect(dialog.getByText(/apt-get install dash/)).toBeInTheDocument();
    await userEvent.click(dialog.getByRole("radio", { name: /^Python/ }));
    await userEvent.click(dialog.getByRole("radio", { name: /^Scaleway/ }));
    // Only the contracts that the language can follow.
    expect(dialog.queryByRole("radio", { name: /Flask/ })).toBeNull();
    await userEvent.type(dialog.getByLabelText("Name"), "mail/send");
    await userEvent.click(dialog.getByRole("button", { name: "Create function" }));
    await waitFor(() => expect(window.location.pathname).toBe("/c/local/ns/playground/fn/mail/send"), SLOW);
    expect(calls(panel, "create_function")[0]).toMatchObject({
      function: { connection: "local", namespace: "playground", name: "mail/send" },
      kind: "python:3.11",
      contract: "scaleway",
    });
  });

  it("takes a folder, watched, instead of a template", async () => {
    const { panel } = renderApp("/c/local/ns/playground", (prepared) => {
      prepared.handlers.preview_folder = ({ path }) => {
        if (path !== "/home/ada/hello") throw fail("not_found", "There is no such folder.");
        return { path, files: [{ path: "main.py", size: 10 }], bytes: 10, leftOut: [], leftOutCount: 0 };
      };
      prepared.handlers.create_from_folder = () => null;
    });
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New function" }, SLOW))[0] as HTMLElement,
    );
    const dialog = within(await screen.findByRole("dialog", { name: "New function" }, SLOW));
    await userEvent.click(await dialog.findByRole("radio", { name: "From a folder" }, SLOW));
    await userEvent.type(dialog.getByLabelText("Name"), "fresh");
    const path = dialog.getByLabelText(/^Folder/);
    await userEvent.type(path, "/nowhere");
    expect(await dialog.findByText("There is no such folder.", {}, SLOW)).toBeVisible();
    await userEvent.clear(path);
    await userEvent.type(path, "/home/ada/hello");
    expect(await dialog.findByText(/1 file/, {}, SLOW)).toBeVisible();
    await userEvent.click(dialog.getByRole("button", { name: "Create function" }));
    await waitFor(() => expect(calls(panel, "create_from_folder")).toHaveLength(1), SLOW);
    expect(calls(panel, "create_from_folder")[0]).toMatchObject({ path: "/home/ada/hello", watch: true });
  });

  it("takes code for a handler without a template from a folder", async () => {
    renderApp("/c/local/ns/playground");
    await userEvent.click(
      (await screen.findAllByRole("button", { name: "New function" }, SLOW))[0] as HTMLElement,
    );
    const dialog = within(await screen.findByRole("dialog", { name: "New function" }, SLOW));
    expect(await dialog.findByRole("radio", { name: "From a template" }, SLOW)).toBeChecked();
    await userEvent.click(dialog.getByRole("radio", { name: /^Fn Project/ }));
    expect(dialog.getByRole("radio", { name: "From a folder" })).toBeChecked();
    expect(dialog.getByRole("radio", { name: "From a template" })).toBeDisabled();
    await userEvent.click(dialog.getByRole("radio", { name: /^OpenWhisk/ }));
    expect(dialog.getByRole("radio", { name: "From a template" })).toBeEnabled();
  });
});

describe("code", () => {
  it("cannot be edited where there is none at the provider, and says why", async () => {
    renderApp("/c/0af3b1c2d3e4f5061728394a5b6c7d8e/ns/fn-378ae839/fn/orders/total?tab=code", (prepared) => {
      const found = prepared.functions.find(({ function: f }) => f.name === "orders/total");
      if (found) Object.assign(found.edits, { code: false });
    });
    expect(await screen.findByText(/^Read-only: there is no code/, {}, SLOW)).toBeVisible();
    expect(screen.queryByRole("button", { name: /^Save/ })).not.toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Upload zip…" })).not.toBeInTheDocument();
  });

  it("lists a zip's files, and takes a new zip as the next version", async () => {
    const { panel } = renderApp("/c/local/ns/playground/fn/images/resize?tab=code");
    expect(await screen.findByText("lib/scale.js", {}, SLOW)).toBeVisible();
    const file = new File([new Uint8Array([80, 75, 5, 6])], "new.zip", { type: "application/zip" });
    fireEvent.change(screen.getByLabelText("Zip file"), { target: { files: [file] } });
    await waitFor(() => expect(calls(panel, "save_code")).toHaveLength(1), SLOW);
    expect(calls(panel, "save_code")[0]).toMatchObject({
      code: { type: "zip", base64: "UEsFBg==" },
      expectedVersion: "0.0.1",
    });
  });
});

describe("the settings' keys", () => {
  it("make no new version of what was not changed", async () => {
    const { panel } = renderApp(`${PYTHON}?tab=settings`);
    await screen.findByLabelText("Entry point", {}, SLOW);
    await userEvent.keyboard("{Control>}s{/Control}");
    expect(calls(panel, "configure_function")).toHaveLength(0);
    await userEvent.type(screen.getByLabelText("Entry point"), "handler");
    await userEvent.keyboard("{Control>}s{/Control}");
    await waitFor(() => expect(calls(panel, "configure_function")).toHaveLength(1), SLOW);
  });
});
