import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { useShell } from "@/app/ui-state";
import { mount } from "@/test/mount";
import { ACCOUNT, ACCOUNT_CONNECTION } from "../../tests/fixtures/accounts";
import { type FixturePanel, fail } from "../../tests/fixtures/panel";
import type { WayName } from "./way";

const TOKEN = "dop_v1_0123456789abcdef";

async function open(way: WayName, prepare: (panel: FixturePanel) => void = () => undefined) {
  const mounted = mount(null, (panel) => {
    panel.secretStore = { state: "keychain" };
    prepare(panel);
  });
  useShell.getState().show({ type: "add-connection", way });
  const dialog = within(await screen.findByRole("dialog", { name: "Add a connection" }));
  return { ...mounted, dialog };
}

describe("an API token", () => {
  it("shows the account's namespaces and connects those that are ticked, at once", async () => {
    const { user, dialog, sent, panel } = await open("token");
    await user.click(dialog.getByLabelText("API token"));
    await user.paste(` ${TOKEN} `);
    await user.click(dialog.getByRole("button", { name: "Show namespaces" }));
    expect(await dialog.findByText("ada@example.com")).toBeInTheDocument();
    expect(sent("look_at_account")).toEqual([{ token: TOKEN, baseUrl: null }]);

    await user.click(dialog.getByRole("checkbox", { name: /^images/ }));
    await user.click(dialog.getByRole("checkbox", { name: /^shop-staging/ }));
    await user.click(dialog.getByRole("radio", { name: "Production" }));
    panel.handlers.add_account = () => {
      delete panel.handlers.add_account;
      const error = {
        code: "limit_exceeded",
        message: "There are 100 access keys already.",
        retryable: false,
      };
      return {
        account: ACCOUNT,
        namespaces: [
          { namespace: "fn-6e0b12f4", label: "images", connection: null, existed: false, error },
          { namespace: "fn-9a41c3de", label: "", connection: ACCOUNT_CONNECTION, existed: true, error: null },
        ],
      };
    };
    await user.click(dialog.getByRole("button", { name: "Connect 2 namespaces" }));
    const list = within(await dialog.findByRole("list", { name: "Namespaces" }));
    expect(await list.findByText("Has a new key")).toBeInTheDocument();
    expect(list.getByText("There are 100 access keys already.")).toBeInTheDocument();

    // Only what failed is tried again.
    await user.click(await dialog.findByRole("button", { name: "Try the rest again" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(sent("add_account").map(({ namespaces }) => namespaces)).toEqual([
      ["fn-6e0b12f4", "fn-9a41c3de"],
      ["fn-6e0b12f4"],
    ]);
    expect(sent("add_account")[0]).toMatchObject({
      keepToken: true,
      environment: "production",
      token: TOKEN,
    });
  });

  it("shows the choice again, with why and a way out, when the call itself fails", async () => {
    const { user, dialog, sent } = await open("token", (panel) => {
      panel.handlers.add_account = () => {
        throw fail("secret_store_unavailable", "There is no keychain.");
      };
    });
    await user.type(dialog.getByLabelText("API token"), `${TOKEN}{Tab}`);
    await user.click(dialog.getByRole("button", { name: "Show namespaces" }));
    await user.click(await dialog.findByRole("checkbox", { name: "All 2 that are not connected" }));
    await user.click(dialog.getByRole("checkbox", { name: "Keep the token to renew the keys" }));
    await user.click(dialog.getByRole("button", { name: "Connect 2 namespaces" }));
    expect(await dialog.findByText("There is no keychain.")).toBeInTheDocument();
    expect(dialog.getByRole("button", { name: "Use an encrypted file…" })).toBeInTheDocument();
    expect(dialog.getByRole("button", { name: "Connect 2 namespaces" })).toBeEnabled();
    expect(sent("add_account")).toMatchObject([{ keepToken: false }]);
  });

  it("adds an account that has no namespace yet, unless its token is not kept", async () => {
    const { user, dialog, sent } = await open("token", (panel) => {
      panel.handlers.look_at_account = () => ({
        baseUrl: ACCOUNT.baseUrl,
        owner: ACCOUNT.name,
        namespaces: [],
      });
    });
    await user.type(dialog.getByLabelText("API token"), TOKEN);
    await user.click(dialog.getByRole("button", { name: "Show namespaces" }));
    expect(await dialog.findByText("This account has no namespace yet")).toBeInTheDocument();
    const keep = dialog.getByRole("checkbox", { name: "Keep the token to renew the keys" });
    await user.click(keep);
    expect(dialog.getByRole("button", { name: "Connect" })).toBeDisabled();
    await user.click(keep);
    await user.click(dialog.getByRole("button", { name: "Add account" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(sent("add_account")).toMatchObject([{ namespaces: [], keepToken: true }]);
  });

  it("says why a token is refused, and keeps it to be corrected", async () => {
    const { user, dialog } = await open("token");
    await user.type(dialog.getByLabelText("API token"), "dop_v1_wrong");
    await user.click(dialog.getByRole("button", { name: "Show namespaces" }));
    expect(await dialog.findByText("The account does not accept this token.")).toBeInTheDocument();
    expect(dialog.getByLabelText("API token")).toHaveValue("dop_v1_wrong");
  });

  it("is not asked for again where the account's is kept", async () => {
    const { user, dialog, sent } = await open("token", (panel) => panel.connectAccount());
    await user.click(await dialog.findByRole("button", { name: "Choose namespaces of ada@example.com" }));
    await user.click(await dialog.findByRole("checkbox", { name: /^images/ }));
    expect(dialog.queryByRole("checkbox", { name: /Keep the token/ })).not.toBeInTheDocument();
    await user.click(dialog.getByRole("button", { name: "Connect 1 namespace" }));
    await waitFor(() => expect(sent("connect_namespaces")).toHaveLength(1));
    expect(sent("add_account")).toEqual([]);
  });
});

it("recognises an account's token in the key field, and takes it over", async () => {
  const { user, dialog, sent } = await open("key");
  await user.type(dialog.getByLabelText("API host"), "api.digitalocean.com");
  await user.click(dialog.getByLabelText("Key"));
  await user.paste(`curl -H 'Authorization: Bearer ${TOKEN}' https://api.digitalocean.com/v2/functions`);
  await user.click(dialog.getByRole("button", { name: "Add connection" }));
  expect(await dialog.findByText(/opens no namespace by itself/)).toBeInTheDocument();
  expect(sent("add_connection")).toEqual([]);
  await user.click(dialog.getByRole("button", { name: "Use as API token" }));
  expect(await dialog.findByLabelText("API token")).toHaveValue(TOKEN);
  await user.click(dialog.getByRole("radio", { name: "API host and key" }));
  expect(dialog.getByLabelText("API host")).toHaveValue("api.digitalocean.com");
  expect(dialog.getByLabelText("Key")).toHaveValue("");
});

describe("what is found on this machine", () => {
  it("is read when it is asked for, and imported where it is ticked", async () => {
    const { user, dialog, sent } = await open("key");
    expect(sent("found_credentials")).toEqual([]);
    await user.click(dialog.getByRole("radio", { name: "Found on this machine" }));
    expect(await dialog.findByText("The file is not JSON: it ends too early.")).toBeInTheDocument();
    expect(dialog.getByRole("checkbox", { name: /whisk.lab.example/ })).toBeDisabled();
    expect(dialog.getByRole("button", { name: "Import" })).toBeDisabled();
    await user.click(dialog.getByRole("checkbox", { name: /^reports/ }));
    await user.click(dialog.getByRole("radio", { name: "Staging" }));
    await user.click(dialog.getByRole("button", { name: "Import" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(sent("import_found")).toEqual([{ ids: ["doctl-b"], environment: "staging" }]);
  });

  it("leads from an account to its namespaces", async () => {
    const { user, dialog, sent } = await open("found");
    await user.click(await dialog.findByRole("checkbox", { name: /^API token of context “default”/ }));
    await user.click(dialog.getByRole("button", { name: "Import" }));
    expect(await dialog.findByRole("checkbox", { name: /^images/ })).toBeInTheDocument();
    expect(sent("account_namespaces")).toHaveLength(1);
  });

  it("says where was looked when there is nothing", async () => {
    const { dialog } = await open("found", (panel) => {
      panel.handlers.found_credentials = () => [];
    });
    expect(await dialog.findByText("Nothing was found")).toBeInTheDocument();
  });
});
