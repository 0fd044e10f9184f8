import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import { applyPrefs, usePrefs } from "@/app/prefs";
import { mount } from "@/test/mount";
import { fail } from "../../tests/fixtures/panel";
import { SETTINGS } from "../../tests/fixtures/samples";
import { SettingsPage } from "./SettingsPage";

beforeEach(() => usePrefs.setState({ theme: "system", density: "normal", letterKeys: true }));

describe("the engine's settings", () => {
  it("saves seconds as milliseconds", async () => {
    const { user, sent } = mount(<SettingsPage />);
    const field = await screen.findByLabelText("Blocking limit");
    expect(field).toHaveValue(30);
    expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
    await user.clear(field);
    await user.type(field, "12.5");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(sent("save_settings")).toEqual([
        { settings: { ...SETTINGS, blockingLimitMs: 12_500, quota: null } },
      ]),
    );
    await waitFor(() => expect(screen.getByRole("button", { name: "Save" })).toBeDisabled());
    expect(field).toHaveValue(12.5);
  });

  it("saves rate limits, a provider's or one's own", async () => {
    const { user, sent } = mount(<SettingsPage />);
    await user.click(await screen.findByRole("radio", { name: "As at DigitalOcean" }));
    expect(screen.getByText(/600 calls a minute, 120 at once/)).toBeInTheDocument();
    await user.click(screen.getByRole("radio", { name: "Custom" }));
    const calls = screen.getByLabelText("Calls");
    await user.clear(calls);
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("A whole number from 1 to 1,000,000.")).toBeInTheDocument();
    await user.type(calls, "5");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(sent("save_settings")).toMatchObject([
        { settings: { quota: { invocationsPerMinute: 5, concurrentInvocations: 120, firesPerMinute: 60 } } },
      ]),
    );
  });

  it("refuses a value out of range at its field, and sends nothing", async () => {
    const { user, sent } = mount(<SettingsPage />);
    const field = await screen.findByLabelText("Gateway port");
    await user.clear(field);
    await user.type(field, "80");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Ports below 1024 need special rights.")).toBeInTheDocument();
    expect(field).toBeInvalid();
    expect(sent("save_settings")).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Discard" }));
    expect(field).toHaveValue(6464);
    expect(screen.queryByText("Ports below 1024 need special rights.")).not.toBeInTheDocument();
  });

  it("shows the panel's own error at the form", async () => {
    const { user } = mount(<SettingsPage />, (panel) => {
      panel.handlers.save_settings = () => {
        throw fail("invalid_input", "The retention must be between 72 and 8760.");
      };
    });
    const field = await screen.findByLabelText("Keep records for");
    await user.clear(field);
    await user.type(field, "10");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("The retention must be between 72 and 8760.")).toBeInTheDocument();
    expect(field).toHaveValue(10);
  });
});

it("changes theme and density at once", async () => {
  applyPrefs();
  const { user } = mount(<SettingsPage />);
  await user.click(screen.getByRole("radio", { name: "Dark" }));
  await user.click(screen.getByRole("radio", { name: "Compact" }));
  expect(document.documentElement.dataset).toMatchObject({ theme: "dark", density: "compact" });
});

it("says how to install what is missing", async () => {
  mount(<SettingsPage />);
  expect(await screen.findByText("/usr/bin/python3")).toBeInTheDocument();
  expect(screen.getByText(/apt-get install dash/)).toBeInTheDocument();
  expect(await screen.findByText("/home/ada/.local/share/beckon")).toBeInTheDocument();
});
