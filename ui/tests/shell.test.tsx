import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import { endSession, resumeSession } from "@/platform/session";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
afterEach(resumeSession);

describe("the window", () => {
  it("says plainly that there is no keychain, and keeps secrets in a file when asked to", async () => {
    const { panel } = renderApp("/tokens");
    const banners = within(await screen.findByTestId("banners", {}, SLOW));
    expect(await banners.findByText(/No Secret Service answers/, {}, SLOW)).toBeVisible();
    await userEvent.click(banners.getByRole("button", { name: /encrypted file/ }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.type(dialog.getByLabelText("Passphrase"), "correct horse");
    await userEvent.type(dialog.getByLabelText(/again/i), "correct horse");
    await userEvent.click(dialog.getByRole("button", { name: "Use the file" }));
    await waitFor(
      () => expect(screen.queryByText(/No Secret Service answers/)).not.toBeInTheDocument(),
      SLOW,
    );
    expect(panel.calls.find(({ command }) => command === "use_secret_file")?.args).toEqual({
      passphrase: "correct horse",
    });
  });

  it("has one banner per failing connection, which stays away once put away", async () => {
    renderApp("/tokens");
    const banners = within(await screen.findByTestId("banners", {}, SLOW));
    expect(await banners.findByText(/whisk\.lab\.example does not answer/, {}, SLOW)).toBeVisible();
    await userEvent.click(banners.getByRole("button", { name: "Hide the notice about Lab" }));
    expect(banners.queryByText(/whisk\.lab\.example/)).not.toBeInTheDocument();
  });

  it("moves through the tree by arrow keys, and opens with Enter", async () => {
    renderApp("/tokens");
    const tree = await screen.findByRole("tree", {}, SLOW);
    const first = await within(tree).findByRole("treeitem", { name: /Playground/ }, SLOW);
    act(() => first.focus());
    await userEvent.keyboard("{ArrowDown}");
    await waitFor(() => expect(document.activeElement).toHaveTextContent("hello"));
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(window.location.pathname).toBe("/c/local/ns/playground/fn/hello"), SLOW);
    expect(await within(tree).findByRole("treeitem", { name: "hello", selected: true }, SLOW)).toBeVisible();
  });

  it("filters the tree, and says when nothing matches", async () => {
    renderApp("/tokens");
    await screen.findByRole("treeitem", { name: "hello-python" }, SLOW);
    const filter = screen.getByRole("searchbox", { name: "Filter functions" });
    await userEvent.type(filter, "pyth");
    expect(screen.queryByRole("treeitem", { name: "hello" })).not.toBeInTheDocument();
    expect(screen.getByRole("treeitem", { name: "hello-python" })).toBeVisible();
    await userEvent.type(filter, "zzz");
    expect(screen.getByText(/No function's name contains/)).toBeVisible();
  });

  it("opens the palette by Ctrl+K and goes where it says", async () => {
    renderApp("/settings");
    await screen.findByRole("treeitem", { name: "hello" }, SLOW);
    await userEvent.keyboard("{Control>}k{/Control}");
    const search = await screen.findByPlaceholderText("Search functions, pages and actions", {}, SLOW);
    await userEvent.type(search, "hello-py");
    await userEvent.keyboard("{Enter}");
    await waitFor(
      () => expect(window.location.pathname).toBe("/c/local/ns/playground/fn/hello-python"),
      SLOW,
    );
  });

  it("lists every key on ?", async () => {
    renderApp("/settings");
    await screen.findByRole("treeitem", { name: "hello" }, SLOW);
    await userEvent.keyboard("?");
    const dialog = within(await screen.findByRole("dialog", { name: "Keys" }, SLOW));
    expect(dialog.getByText("Go to Activations")).toBeVisible();
  });

  it("asks for a new link when the session ended", async () => {
    renderApp("/settings");
    await screen.findByRole("heading", { level: 1, name: "Settings" }, SLOW);
    act(() => endSession());
    expect(screen.getByRole("heading", { name: "This link has ended" })).toBeVisible();
    expect(screen.getByText("beckon url")).toBeVisible();
  });
});
