import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { mount } from "@/test/mount";
import { fail } from "../../tests/fixtures/panel";
import { CONNECTIONS } from "../../tests/fixtures/samples";
import { ConnectionsPage } from "./ConnectionsPage";

const row = (name: string) => {
  const found = screen.getAllByTestId("connection-row").find((each) => within(each).queryByText(name));
  if (!found) throw new Error(`no row ${name}`);
  return within(found);
};

describe("the list", () => {
  it("shows state, latency and environment of each", async () => {
    mount(<ConnectionsPage />);
    await screen.findByText("Shop");
    expect(row("Shop").getByText("Production")).toBeInTheDocument();
    expect(row("Shop").getByText("48 ms")).toBeInTheDocument();
    expect(row("Shop").getByText("…x9Qz")).toBeInTheDocument();
    expect(row("This machine").getByText("On this machine")).toBeInTheDocument();
    expect(row("This machine").queryByRole("button", { name: /Sync/ })).not.toBeInTheDocument();
  });

  it("tells of a failing one what, why and what to do", async () => {
    mount(<ConnectionsPage />);
    await screen.findByText("Lab");
    expect(row("Lab").getByText("Not reachable")).toBeInTheDocument();
    const failure = within(screen.getByTestId("connection-failure"));
    expect(failure.getByText("whisk.lab.example does not answer.")).toBeInTheDocument();
    expect(failure.getByText("connection refused (os error 111)")).toBeInTheDocument();
    expect(failure.getByRole("button", { name: "Try again: Lab" })).toBeInTheDocument();
  });

  it("offers another key where the key is refused", async () => {
    const { user } = mount(<ConnectionsPage />, (panel) => {
      panel.connections = CONNECTIONS.map((each) =>
        each.name === "Lab"
          ? {
              ...each,
              state: {
                state: "failing",
                error: { code: "unauthorized", message: "The key is not accepted.", retryable: false },
              },
            }
          : each,
      );
    });
    await user.click(await screen.findByRole("button", { name: "Enter another key: Lab" }));
    expect(await screen.findByRole("dialog", { name: "Edit “Lab”" })).toBeInTheDocument();
  });

  it("offers no sync where no records of runs are kept", async () => {
    mount(<ConnectionsPage />, (panel) => {
      panel.connections = CONNECTIONS.map((each) =>
        each.name === "Shop" ? { ...each, capabilities: { ...each.capabilities, records: false } } : each,
      );
    });
    expect(await screen.findByText("Keeps none")).toBeInTheDocument();
    expect(row("Shop").getByRole("button", { name: /Check now/ })).toBeInTheDocument();
    expect(row("Shop").queryByRole("button", { name: /Sync/ })).not.toBeInTheDocument();
  });

  it("says how many records a sync brought, and why one failed", async () => {
    const { user, panel } = mount(<ConnectionsPage />);
    await user.click(await screen.findByRole("button", { name: "Sync now: Shop" }));
    expect(await row("Shop").findByText("7 new records")).toBeInTheDocument();
    panel.handlers.sync_connection = () => {
      throw fail("timeout", "The provider took too long.", { retryable: true });
    };
    await user.click(screen.getByRole("button", { name: "Sync now: Shop" }));
    expect(await screen.findByText("The provider took too long.")).toBeInTheDocument();
  });

  it("tells whether runs are read, and shows why not though the connection answers", async () => {
    mount(<ConnectionsPage />, (panel) => {
      const looks = { looking: false, last: Date.now() - 9_000, next: null, failures: 0, error: null };
      panel.connections = CONNECTIONS.map((each) =>
        each.name === "Shop"
          ? {
              ...each,
              looks: {
                ...looks,
                next: Date.now() + 600_000,
                failures: 3,
                error: { code: "timeout", message: "The list of runs took too long.", retryable: true },
              },
            }
          : { ...each, looks: each.kind === "local" ? null : { ...looks, looking: true } },
      );
    });
    await screen.findByText("Shop");
    expect(row("Shop").getByText("Failed 3 times ·")).toBeInTheDocument();
    expect(row("Shop").getByText("in 10 min")).toBeInTheDocument();
    expect(screen.getByText("The list of runs took too long.")).toBeInTheDocument();
    expect(row("Lab").getByText("Reading now…")).toBeInTheDocument();
  });

  it("shows what a check found", async () => {
    const { user, panel } = mount(<ConnectionsPage />);
    panel.handlers.check_connection = () => ({
      ...CONNECTIONS[2],
      state: { state: "connected", latency_ms: 12 },
    });
    await user.click(await screen.findByRole("button", { name: "Try again: Lab" }));
    expect(await row("Lab").findByText("12 ms")).toBeInTheDocument();
    expect(screen.queryByTestId("connection-failure")).not.toBeInTheDocument();
  });

  it("removes a production connection only when its name is typed", async () => {
    const { user, sent } = mount(<ConnectionsPage />);
    await user.click(await screen.findByRole("button", { name: "Actions for Shop" }));
    await user.click(await screen.findByRole("menuitem", { name: "Remove…" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByRole("button", { name: "Remove" })).toBeDisabled();
    await user.type(dialog.getByRole("textbox"), "Shop");
    await user.click(dialog.getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(screen.queryByText("Shop")).not.toBeInTheDocument());
    expect(sent("remove_connection")).toEqual([{ id: CONNECTIONS[1]?.id }]);
  });
});

describe("the form", () => {
  const opened = async (user: ReturnType<typeof mount>["user"]) => {
    await user.click(await screen.findByRole("button", { name: "Add connection" }));
    return within(await screen.findByRole("dialog", { name: "Add a connection" }));
  };

  it("tests before saving, without a name, and takes the host of a pasted command", async () => {
    const { user, sent } = mount(<ConnectionsPage />);
    const dialog = await opened(user);
    await user.click(dialog.getByLabelText("Key"));
    await user.paste("curl https://faas-lon1-0123abcd.doserverless.co/api -u a:b");
    await user.click(dialog.getByRole("button", { name: "Test" }));
    const result = within(await dialog.findByTestId("test-result"));
    expect(await result.findByText(/Reachable in 51 ms/)).toBeInTheDocument();
    expect(result.getByText(/Authorised/)).toBeInTheDocument();
    expect(result.getByText("fn-378ae839")).toBeInTheDocument();
    expect(dialog.getByLabelText("API host")).toHaveValue("https://faas-lon1-0123abcd.doserverless.co");
    expect(sent("test_connection")).toHaveLength(1);
    expect(sent("add_connection")).toEqual([]);

    await user.type(dialog.getByLabelText("API host"), "x");
    expect(dialog.queryByTestId("test-result")).not.toBeInTheDocument();
  });

  it("does not test before there is a host", async () => {
    const { user, sent } = mount(<ConnectionsPage />);
    const dialog = await opened(user);
    await user.type(dialog.getByLabelText("Key"), "a:b");
    await user.click(dialog.getByRole("button", { name: "Test" }));
    expect(await dialog.findByText("Enter the API host; this key does not say it.")).toBeInTheDocument();
    expect(sent("test_connection")).toEqual([]);
  });

  it("tells a refused key from an address that does not answer", async () => {
    const { user, panel } = mount(<ConnectionsPage />);
    const dialog = await opened(user);
    await user.type(dialog.getByLabelText("API host"), "whisk.example");
    await user.type(dialog.getByLabelText("Key"), "a:b");
    panel.handlers.test_connection = () => {
      throw fail("unauthorized", "The key is not accepted.");
    };
    await user.click(dialog.getByRole("button", { name: "Test" }));
    expect(await dialog.findByText("Reachable")).toBeInTheDocument();
    expect(dialog.getByText("The key is not accepted.")).toBeInTheDocument();
    panel.handlers.test_connection = () => {
      throw fail("unreachable", "whisk.example does not answer.");
    };
    await user.click(dialog.getByRole("button", { name: "Test" }));
    expect(await dialog.findByText("whisk.example does not answer.")).toBeInTheDocument();
    expect(dialog.getByText("The key was not tried")).toBeInTheDocument();
  });

  it("adds what was typed and closes", async () => {
    const { user, sent } = mount(<ConnectionsPage />);
    const dialog = await opened(user);
    await user.type(dialog.getByLabelText("Name"), "Shop 2");
    await user.click(dialog.getByRole("radio", { name: "Production" }));
    await user.type(dialog.getByLabelText("API host"), "whisk.example");
    await user.type(dialog.getByLabelText("Key"), "a:b");
    await user.click(dialog.getByRole("button", { name: "Add connection" }));
    expect(await screen.findByText("Shop 2")).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(sent("add_connection")).toEqual([
      {
        draft: {
          name: "Shop 2",
          kind: "digitalocean",
          environment: "production",
          apiHost: "whisk.example",
          key: "a:b",
        },
      },
    ]);
  });

  it("lets a place for secrets be made without losing what was typed", async () => {
    const { user, panel, sent } = mount(<ConnectionsPage />, (fixture) => {
      fixture.secretStore = { state: "keychain" };
      fixture.handlers.add_connection = () => {
        throw fail("secret_store_unavailable", "There is no keychain.");
      };
    });
    const dialog = await opened(user);
    await user.type(dialog.getByLabelText("Name"), "Shop 2");
    await user.type(dialog.getByLabelText("API host"), "whisk.example");
    await user.type(dialog.getByLabelText("Key"), "a:b");
    await user.click(dialog.getByRole("button", { name: "Add connection" }));
    await user.click(await dialog.findByRole("button", { name: "Use an encrypted file…" }));
    const file = within(await screen.findByRole("dialog", { name: "Keep secrets in an encrypted file" }));
    await user.type(file.getByLabelText("Passphrase"), "long enough");
    await user.type(file.getByLabelText("Passphrase again"), "long enough");
    delete panel.handlers.add_connection;
    await user.click(file.getByRole("button", { name: "Use the file" }));
    await waitFor(() => expect(sent("use_secret_file")).toEqual([{ passphrase: "long enough" }]));
    expect(sent("add_connection")).toHaveLength(1);
    await waitFor(() => expect(dialog.queryByText("There is no keychain.")).not.toBeInTheDocument());
    await user.click(await dialog.findByRole("button", { name: "Add connection" }));
    expect(await screen.findByText("Shop 2")).toBeInTheDocument();
  });
});
