import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { mount } from "@/test/mount";
import { fail } from "../../tests/fixtures/panel";
import { TokensPage } from "./TokensPage";

const row = (name: string) => {
  const found = screen.getAllByTestId("token-row").find((each) => within(each).queryByText(name));
  if (!found) throw new Error(`no row ${name}`);
  return found;
};

describe("the list", () => {
  it("shows what each token reaches, its hint and how long it lasts", async () => {
    mount(<TokensPage />);
    await screen.findByText("CI deploys");
    const live = within(row("CI deploys"));
    expect(live.getByText("playground")).toBeInTheDocument();
    expect(live.getByText("…k3Wd")).toBeInTheDocument();
    expect(live.getByText("kept")).toBeInTheDocument();
    expect(live.getByText("in 3 days")).toBeInTheDocument();
    expect(within(row("Webhook of the shop")).getByText("Expired")).toBeInTheDocument();
    expect(within(row("Webhook of the shop")).getByText("playground/hello")).toBeInTheDocument();
    expect(within(row("Old laptop")).getByText("Revoked")).toBeInTheDocument();
  });

  it("says what tokens are for when there is none, and offers to make one", async () => {
    const { user } = mount(<TokensPage />, (panel) => {
      panel.tokens = [];
    });
    await screen.findByText("There is no token yet");
    await user.click(screen.getByRole("button", { name: "New token" }));
    expect(await screen.findByRole("dialog", { name: "New token" })).toBeInTheDocument();
  });

  it("says what is wrong, and loads again when asked", async () => {
    const { panel, user } = mount(<TokensPage />, (fixture) => {
      fixture.handlers.tokens = () => {
        throw fail("internal", "The database is gone.");
      };
    });
    expect(await screen.findByText("The database is gone.")).toBeInTheDocument();
    delete panel.handlers.tokens;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("CI deploys")).toBeInTheDocument();
  });
});

describe("revoking", () => {
  it("asks first, then the row says so", async () => {
    const { user, sent } = mount(<TokensPage />);
    await user.click(await screen.findByRole("button", { name: "Revoke CI deploys" }));
    const dialog = await screen.findByRole("dialog", { name: "Revoke “CI deploys”?" });
    expect(sent("revoke_token")).toEqual([]);
    await user.click(within(dialog).getByRole("button", { name: "Revoke" }));
    await waitFor(() => expect(within(row("CI deploys")).getByText("Revoked")).toBeInTheDocument());
    expect(sent("revoke_token")).toHaveLength(1);
  });

  it("takes an ended token off the list", async () => {
    const { user, sent } = mount(<TokensPage />);
    await user.click(await screen.findByRole("button", { name: "Remove Old laptop from the list" }));
    await waitFor(() => expect(screen.queryByText("Old laptop")).not.toBeInTheDocument());
    expect(sent("forget_token")).toHaveLength(1);
  });
});

describe("creating", () => {
  it("needs a name, and a function where it is for one", async () => {
    const { user, sent } = mount(<TokensPage />);
    await user.click(await screen.findByRole("button", { name: "New token" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("radio", { name: "One function" }));
    await user.click(dialog.getByRole("button", { name: "Create token" }));
    expect(await dialog.findByText(/Give it a name/)).toBeInTheDocument();
    expect(dialog.getByText("Choose a function.")).toBeInTheDocument();
    expect(sent("create_token")).toEqual([]);
  });

  it("shows the credential once, and does not close before it is copied or waved away", async () => {
    const write = vi.fn(async (_: string) => undefined);
    const { user, sent } = mount(<TokensPage />);
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation(write);
    await user.click(await screen.findByRole("button", { name: "New token" }));
    const form = within(await screen.findByRole("dialog"));
    await user.type(form.getByRole("textbox", { name: "Name" }), "CI");
    await user.click(form.getByRole("radio", { name: "One function" }));
    await user.selectOptions(await form.findByRole("combobox", { name: "Function" }), "hello");
    await user.click(form.getByRole("radio", { name: "24 hours" }));
    await user.click(form.getByRole("button", { name: "Create token" }));

    const credential = (await screen.findByTestId("new-credential")).textContent ?? "";
    expect(credential).toMatch(/^[0-9a-f-]{36}:\w+$/);
    expect(sent("create_token")).toEqual([
      {
        draft: {
          name: "CI",
          kind: "openwhisk",
          scope: { type: "function", namespace: "playground", name: "hello" },
          expiresInSeconds: 86_400,
        },
      },
    ]);
    expect(screen.getByText(/You will not see this again/)).toBeInTheDocument();
    expect(screen.getByTestId("token-usage")).toHaveTextContent("curl -u");
    expect(screen.getByTestId("token-usage")).not.toHaveTextContent(credential);

    await user.keyboard("{Escape}");
    expect(screen.getByText("It is not copied yet.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Copy token" }));
    expect(write).toHaveBeenCalledWith(credential);
    await user.click(screen.getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByTestId("new-credential")).not.toBeInTheDocument());
    expect(document.body).not.toHaveTextContent(credential);
  });

  it("offers what a DigitalOcean account has: every namespace, by a bearer token", async () => {
    const { user, sent } = mount(<TokensPage />);
    await user.click(await screen.findByRole("button", { name: "New token" }));
    const form = within(await screen.findByRole("dialog"));
    await user.type(form.getByRole("textbox", { name: "Name" }), "pydo");
    await user.click(form.getByRole("radio", { name: "DigitalOcean access key" }));
    expect(form.queryByRole("radio", { name: "One function" })).not.toBeInTheDocument();
    await user.click(form.getByRole("radio", { name: "DigitalOcean API" }));
    expect(form.getByRole("radio", { name: "Every namespace" })).toBeChecked();
    await user.click(form.getByRole("radio", { name: "Never" }));
    await user.click(form.getByRole("button", { name: "Create token" }));
    const credential = (await screen.findByTestId("new-credential")).textContent ?? "";
    expect(credential).toMatch(/^dop_v1_/);
    expect(sent("create_token")).toEqual([
      {
        draft: {
          name: "pydo",
          kind: "digitalocean",
          scope: { type: "account" },
          expiresInSeconds: null,
        },
      },
    ]);
    expect(screen.getByText(/Reaches every namespace\./)).toBeInTheDocument();
    const usage = screen.getByTestId("token-usage");
    expect(usage).toHaveTextContent("Authorization: Bearer dop_v1_…Zz9y");
    expect(usage).not.toHaveTextContent(credential);
  });

  it("keeps what was typed when the panel refuses", async () => {
    const { user } = mount(<TokensPage />, (panel) => {
      panel.handlers.create_token = () => {
        throw fail("not_found", "There is no namespace playground.", { hint: "Make it first." });
      };
    });
    await user.click(await screen.findByRole("button", { name: "New token" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.type(dialog.getByRole("textbox", { name: "Name" }), "CI");
    await user.click(dialog.getByRole("button", { name: "Create token" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent(
      "There is no namespace playground.Make it first.",
    );
    expect(dialog.getByRole("textbox", { name: "Name" })).toHaveValue("CI");
  });
});
