import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { useSidebar } from "@/app/ui-state";
import { mount } from "@/test/mount";
import { ACCOUNT, ACCOUNT_CONNECTION } from "../../tests/fixtures/accounts";
import { type FixturePanel, fail } from "../../tests/fixtures/panel";
import { ConnectionsPage } from "./ConnectionsPage";
import { keyEnd } from "./keys";

const DAY = 86_400_000;

async function page(prepare: (panel: FixturePanel) => void = () => undefined) {
  const mounted = mount(<ConnectionsPage />, (panel) => {
    panel.connectAccount();
    prepare(panel);
  });
  await screen.findByText("Billing");
  const choose = async (of: string, item: string) => {
    await mounted.user.click(screen.getByRole("button", { name: `Actions for ${of}` }));
    await mounted.user.click(await screen.findByRole("menuitem", { name: item }));
  };
  return { ...mounted, choose };
}

it("tells how long a key lasts, and when that needs somebody", () => {
  const at = (keyExpires: number | null, keyRenews = false) =>
    keyEnd({ keyExpires, keyRenews }, 1000 * DAY)?.state;
  expect(at(null)).toBeUndefined();
  expect(at(1001 * DAY, true)).toBe("renewed");
  expect(at(1030 * DAY)).toBe("lasts");
  expect(at(1002 * DAY)).toBe("soon");
  expect(at(1000 * DAY)).toBe("ended");
});

it("lists the connections of an account behind it, with their keys' ends", async () => {
  await page((panel) => {
    panel.connections.push({ ...ACCOUNT_CONNECTION, id: "b", name: "Images", keyRenews: false });
  });
  const rows = screen.getAllByRole("row").map((row) => row.textContent ?? "");
  const account = rows.findIndex((text) => text.includes("ada@example.com"));
  expect(rows[account]).toContain("…7c1d");
  expect(rows[account + 1]).toMatch(/Billing.*renewed automatically, until \d+ \w+ \d{4}/);
  expect(rows[account + 2]).toMatch(/Images.*ends \d+ \w+ \d{4}/);
});

it("offers three ways to the first connection", async () => {
  const { user } = mount(<ConnectionsPage />, (panel) => {
    panel.connections = panel.connections.filter(({ kind }) => kind === "local");
  });
  await screen.findByText("No provider is connected");
  expect(screen.getByRole("button", { name: "Add connection" })).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Look on this machine" })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Use an API token" }));
  expect(await screen.findByLabelText("API token")).toBeInTheDocument();
});

describe("removing", () => {
  it("revokes the key of a connection unless told not to", async () => {
    const { choose, user, sent, panel } = await page((panel) => {
      panel.handlers.remove_connection = () => {
        throw fail("unreachable", "api.digitalocean.com does not answer.");
      };
    });
    await choose("Billing", "Remove…");
    const dialog = within(await screen.findByRole("dialog", { name: "Remove Billing?" }));
    expect(dialog.getByRole("checkbox")).toBeChecked();
    await user.click(dialog.getByRole("button", { name: "Remove" }));
    expect(await dialog.findByText("api.digitalocean.com does not answer.")).toBeInTheDocument();
    delete panel.handlers.remove_connection;
    await user.click(dialog.getByRole("checkbox"));
    await user.click(dialog.getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(screen.queryByText("Billing")).not.toBeInTheDocument());
    expect(sent("remove_connection")).toEqual([
      { id: ACCOUNT_CONNECTION.id, revokeKey: true },
      { id: ACCOUNT_CONNECTION.id, revokeKey: false },
    ]);
  });

  it("takes an account with its connections, or leaves them until their keys end", async () => {
    const { choose, user, sent } = await page();
    await choose("account ada@example.com", "Remove account…");
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("checkbox", { name: /Revoke the access keys/ }));
    expect(dialog.getByText(/stay until their keys end/)).toBeInTheDocument();
    await user.click(dialog.getByRole("button", { name: "Remove account" }));
    await waitFor(() => expect(screen.queryByText("ada@example.com")).not.toBeInTheDocument());
    expect(sent("remove_account")).toEqual([{ id: ACCOUNT.id, revokeKeys: false }]);
    expect(screen.getByText("Billing")).toBeInTheDocument();
  });
});

it("replaces an account's token, and says why it is not this one", async () => {
  const { choose, user, sent, panel } = await page((panel) => {
    panel.handlers.replace_account_token = () => {
      throw fail("conflict", "This token does not open the namespace Billing.");
    };
  });
  await choose("account ada@example.com", "Replace token…");
  const dialog = within(await screen.findByRole("dialog", { name: "Replace the token of ada@example.com" }));
  await user.click(dialog.getByRole("button", { name: "Replace token" }));
  expect(await dialog.findByText("Paste the API token of the account.")).toBeInTheDocument();
  await user.type(dialog.getByLabelText("API token"), "dop_v1_new0");
  await user.click(dialog.getByRole("button", { name: "Replace token" }));
  expect(await dialog.findByText("This token does not open the namespace Billing.")).toBeInTheDocument();
  delete panel.handlers.replace_account_token;
  await user.click(dialog.getByRole("button", { name: "Replace token" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  expect(sent("replace_account_token")).toHaveLength(2);
  expect(sent("replace_account_token")[1]).toEqual({ account: ACCOUNT.id, token: "dop_v1_new0" });
  expect(await screen.findByText("…new0")).toBeInTheDocument();
});

describe("access keys", () => {
  it("are listed with the connection's own, made with a secret shown once, and revoked", async () => {
    const { choose, user, sent } = await page();
    await choose("Billing", "Access keys…");
    let dialog = within(await screen.findByRole("dialog", { name: "Access keys of Billing" }));
    expect(await dialog.findByText("Used by this connection")).toBeInTheDocument();
    expect(dialog.queryByRole("button", { name: "Revoke Beckon on ada-laptop" })).not.toBeInTheDocument();

    await user.type(dialog.getByLabelText("Name"), "Nightly job");
    await user.click(dialog.getByRole("radio", { name: "24 hours" }));
    await user.click(dialog.getByRole("button", { name: "Create key" }));
    const shown = within(await screen.findByRole("dialog", { name: "Access key “Nightly job”" }));
    expect(shown.getByTestId("new-credential")).toHaveTextContent("dof_v1_c0ffee42:SSBh");
    expect(sent("create_access_key")).toEqual([
      { connection: ACCOUNT_CONNECTION.id, name: "Nightly job", expiresInHours: 24 },
    ]);
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await user.click(shown.getByRole("button", { name: "Copy key" }));
    await waitFor(() => expect(write).toHaveBeenCalledOnce());
    await user.click(await shown.findByRole("button", { name: "Done" }));

    dialog = within(await screen.findByRole("dialog", { name: "Access keys of Billing" }));
    await user.click(await dialog.findByRole("button", { name: "Revoke Nightly job" }));
    const asked = within(await screen.findByRole("dialog", { name: "Revoke “Nightly job”?" }));
    expect(sent("revoke_access_key")).toEqual([]);
    await user.click(asked.getByRole("button", { name: "Revoke" }));
    await waitFor(() => expect(screen.queryByText("Nightly job")).not.toBeInTheDocument());
    expect(screen.queryByText(/SSBh/)).not.toBeInTheDocument();
    const list = screen.getByRole("dialog", { name: "Access keys of Billing" });
    await waitFor(() => expect(list).toContainElement(document.activeElement as HTMLElement));
  });

  it("need an account: without one, why and what to do", async () => {
    const { choose, user } = await page();
    await choose("Shop", "Access keys…");
    expect(await screen.findByText("This connection was not made from an account.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Use an API token…" }));
    expect(await screen.findByRole("dialog", { name: "Add a connection" })).toBeInTheDocument();
  });
});

describe("an account's namespaces", () => {
  it("are made where the others are, and chosen", async () => {
    const { choose, user, sent } = await page((panel) => {
      for (const each of panel.connections) {
        if (each.id === ACCOUNT_CONNECTION.id) each.apiHost = "https://faas-fra1-4d2b8e90.doserverless.co";
      }
    });
    await choose("account ada@example.com", "New namespace…");
    const dialog = within(await screen.findByRole("dialog", { name: "New namespace" }));
    expect(dialog.getByLabelText("Region")).toHaveDisplayValue("Frankfurt (fra1)");
    await user.click(dialog.getByRole("button", { name: "Create namespace" }));
    expect(await dialog.findByText("Give it a label.")).toBeInTheDocument();
    await user.type(dialog.getByLabelText("Label"), " reports ");
    await user.selectOptions(dialog.getByLabelText("Region"), "Toronto (tor1)");
    await user.click(dialog.getByRole("radio", { name: "Production" }));
    await user.click(dialog.getByRole("button", { name: "Create namespace" }));
    const made = await screen.findByText("reports");
    expect(made.closest("tr")).toHaveTextContent("Production");
    expect(sent("create_account_namespace")).toEqual([
      { account: ACCOUNT.id, label: "reports", region: "tor1", environment: "production" },
    ]);
    expect(useSidebar.getState().connection).not.toBe("local");
  });

  it("are deleted at the provider only when their name is typed, with their connection", async () => {
    useSidebar.getState().choose(ACCOUNT_CONNECTION.id);
    const { choose, user, sent } = await page();
    await choose("Billing", "Delete namespace…");
    const dialog = within(await screen.findByRole("dialog", { name: "Delete the namespace fn-1c9d0a77?" }));
    const remove = dialog.getByRole("button", { name: "Delete namespace" });
    await user.type(dialog.getByRole("textbox"), "Billing");
    expect(remove).toBeDisabled();
    await user.clear(dialog.getByRole("textbox"));
    await user.type(dialog.getByRole("textbox"), "fn-1c9d0a77");
    await user.click(remove);
    await waitFor(() => expect(screen.queryByText("Billing")).not.toBeInTheDocument());
    expect(sent("delete_account_namespace")).toEqual([
      { account: ACCOUNT.id, namespace: "fn-1c9d0a77", confirmation: "fn-1c9d0a77" },
    ]);
    expect(useSidebar.getState().connection).toBe("local");
  });

  it("cannot be made or deleted without the account's token", async () => {
    const { user } = await page((panel) => {
      panel.accounts = [{ ...ACCOUNT, tokenKept: false }];
    });
    await user.click(screen.getByRole("button", { name: "Actions for account ada@example.com" }));
    expect(await screen.findByRole("menuitem", { name: "New namespace…" })).toHaveAttribute(
      "aria-disabled",
      "true",
    );
    await user.keyboard("{Escape}");
    await user.click(screen.getByRole("button", { name: "Actions for Billing" }));
    await screen.findByRole("menuitem", { name: "Remove…" });
    expect(screen.queryByRole("menuitem", { name: "Delete namespace…" })).toBeNull();
  });
});
