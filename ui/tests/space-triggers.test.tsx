import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { SpaceTrigger } from "@/platform";
import { type FixturePanel, fail } from "./fixtures/panel";
import { connectSpace, HEAT, SPACE, SPACE_CONNECTION } from "./fixtures/space-triggers";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const connection = SPACE_CONNECTION.id;
const NAMESPACE = `/c/${connection}/ns/house`;
const TAB = `${NAMESPACE}?tab=space-triggers`;
const SETTINGS = `${NAMESPACE}/fn/warm?tab=settings`;

const sent = (panel: FixturePanel, command: string) =>
  panel.calls.filter((call) => call.command === command).map(({ args }) => args);
const dialogNamed = async (name: string) => within(await screen.findByRole("dialog", { name }, SLOW));
const gone = () => waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument(), SLOW);

function open(path: string, triggers: readonly SpaceTrigger[] = [], more?: (panel: FixturePanel) => void) {
  return renderApp(path, (panel) => {
    connectSpace(panel, triggers);
    more?.(panel);
  });
}

describe("the triggers of a space", () => {
  it("are a tab that says what they are while there are none", async () => {
    open(TAB);
    expect(await screen.findByText("No triggers yet", {}, SLOW)).toBeVisible();
    expect(screen.getByText(/Which functions it calls, their settings say/)).toBeVisible();
    expect(screen.getAllByRole("tab").map(({ textContent }) => textContent)).toEqual([
      "Functions1",
      "Triggers0",
    ]);
  });

  it("are listed with what they listen to, and why one fails, without a secret", async () => {
    const failed: SpaceTrigger = {
      ...HEAT,
      id: "2",
      status: "failed",
      errorMessage: "Nobody listens there.",
    };
    const odd: SpaceTrigger = {
      ...HEAT,
      id: "3",
      description: "",
      source: { type: "other", name: "kafka" },
      status: "unknown",
    };
    open(TAB, [HEAT, failed, odd]);
    const rows = await screen.findAllByTestId("space-trigger-row", {}, SLOW);
    expect(rows).toHaveLength(3);
    const [first, second, third] = rows.map((row) => within(row));
    expect(first?.getByText("rooms/+/heat")).toBeVisible();
    expect(first?.getByText("ann at broker.local:1883")).toBeVisible();
    expect(first?.getByText("Running")).toBeVisible();
    expect(first?.getByText("https://told.local/heat")).toBeVisible();
    expect(document.body.textContent).not.toContain("s3cr3t");
    expect(second?.getByText("Failed")).toBeVisible();
    expect(second?.getByText("Nobody listens there.")).toBeVisible();
    expect(third?.getByText("kafka")).toBeVisible();
    expect(third?.queryByRole("button", { name: /^Change/ })).toBeNull();
    expect(third?.getByRole("button", { name: "Delete kafka trigger" })).toBeVisible();
  });

  it("takes a new one, and asks again while it is pending", async () => {
    const { panel } = open(TAB);
    const user = userEvent.setup();
    await user.click((await screen.findAllByRole("button", { name: "New trigger" }, SLOW))[0] as Element);
    const dialog = await dialogNamed("New trigger");
    expect(dialog.queryByLabelText("Host")).toBeNull();
    await user.selectOptions(dialog.getByLabelText("Type"), "MQTT");
    await user.click(dialog.getByRole("button", { name: "Create trigger" }));
    expect(await dialog.findByText("Where the broker is: a name or an address.", {}, SLOW)).toBeVisible();
    expect(dialog.getByText("The topics to listen to.")).toBeVisible();
    await user.type(dialog.getByLabelText("Host"), "broker.local");
    await user.type(dialog.getByLabelText("User"), "ann");
    await user.type(dialog.getByLabelText("Password"), "s3cr3t");
    await user.type(dialog.getByLabelText("Topics"), "a/#, b");
    await user.click(dialog.getByRole("button", { name: "Create trigger" }));
    await gone();
    expect(sent(panel, "put_space_trigger")).toEqual([
      {
        connection,
        namespace: "house",
        id: undefined,
        trigger: {
          description: "",
          source: {
            type: "mqtt",
            broker: { host: "broker.local", port: null, username: "ann" },
            topics: ["a/#", "b"],
            qos: null,
          },
          callbackUrl: null,
        },
        password: "s3cr3t",
      },
    ]);
    expect(await screen.findByText("Pending", {}, SLOW)).toBeVisible();
    (panel.spaceTriggers[SPACE]?.[0] as SpaceTrigger).status = "running";
    expect(await screen.findByText("Running", {}, SLOW)).toBeVisible();
  });

  it("keeps the type and the password of one that is changed, and shows what is refused", async () => {
    const { panel } = open(TAB, [HEAT]);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Change MQTT trigger, heating" }, SLOW));
    const dialog = await dialogNamed("Change MQTT trigger");
    expect(dialog.queryByLabelText("Type")).toBeNull();
    expect(dialog.getByLabelText("Password")).toHaveValue("");
    expect(dialog.getByText("Empty: the provider keeps the one it has.")).toBeVisible();
    const host = dialog.getByLabelText("Host");
    await user.type(host, ".other");
    expect(dialog.getByText("Needed again for this broker and user.")).toBeVisible();
    panel.handlers.put_space_trigger = () => {
      throw fail("invalid_input", "config.password is required");
    };
    await user.click(dialog.getByRole("button", { name: "Save trigger" }));
    expect(await dialog.findByText("config.password is required", {}, SLOW)).toBeVisible();
    delete panel.handlers.put_space_trigger;
    await user.clear(host);
    await user.type(host, "broker.local");
    await user.click(dialog.getByRole("button", { name: "Save trigger" }));
    await gone();
    const { description, source, callbackUrl } = HEAT;
    const trigger = { description, source, callbackUrl };
    expect(sent(panel, "put_space_trigger")[1]).toEqual({
      connection,
      namespace: "house",
      id: HEAT.id,
      trigger,
      password: undefined,
    });
  });

  it("asks before one is deleted", async () => {
    const { panel } = open(TAB, [HEAT]);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Delete MQTT trigger, heating" }, SLOW));
    const dialog = await dialogNamed("Delete the MQTT trigger, heating?");
    expect(sent(panel, "delete_space_trigger")).toEqual([]);
    await user.click(dialog.getByRole("button", { name: "Delete trigger" }));
    await gone();
    expect(sent(panel, "delete_space_trigger")).toEqual([{ connection, namespace: "house", id: HEAT.id }]);
    expect(await screen.findByText("No triggers yet", {}, SLOW)).toBeVisible();
  });

  it("are shown here only where a client of Spaces made some", async () => {
    const { panel } = renderApp("/c/local/ns/playground?tab=space-triggers");
    await screen.findByRole("tab", { name: /^Rules/ }, SLOW);
    await waitFor(() => expect(screen.queryByRole("tab", { name: /^Spaces triggers/ })).toBeNull(), SLOW);
    expect(screen.getByRole("tab", { name: /^Functions/ })).toHaveAttribute("aria-selected", "true");
    panel.spaceTriggers["local/playground"] = [HEAT];
    panel.emit({ type: "triggers" });
    await userEvent.click(await screen.findByRole("tab", { name: /^Spaces triggers/ }, SLOW));
    expect(await screen.findByText("ann at broker.local:1883", {}, SLOW)).toBeVisible();
  });
});

describe("the options of a space's function", () => {
  const fn = (panel: FixturePanel) => panel.functions.find(({ function: f }) => f.name === "warm");

  it("are saved alone, and say when nothing would call it", async () => {
    const { panel } = open(SETTINGS, [{ ...HEAT, status: "failed" }], (prepared) => {
      prepared.handlers.configure_function = ({ settings }) =>
        Object.assign(fn(prepared) ?? {}, { options: settings.options, version: "0.1.2" });
    });
    const user = userEvent.setup();
    const topics = await screen.findByLabelText("Topics", {}, SLOW);
    expect(screen.queryByRole("note")).toBeNull();
    await user.type(topics, "rooms/+/heat , x");
    expect(
      await screen.findByText(
        /The MQTT or RabbitMQ trigger of house has failed: no message calls it/,
        {},
        SLOW,
      ),
    ).toBeVisible();
    expect(screen.getByRole("link", { name: "See why" })).toHaveAttribute("href", TAB);
    await user.type(screen.getByLabelText("Schedule"), "0 8 * *");
    expect(await screen.findByText(/There is no cron trigger in house/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Save settings" }));
    expect(
      await screen.findByText("Five fields: minute, hour, day, month, weekday.", {}, SLOW),
    ).toBeVisible();
    await user.type(screen.getByLabelText("Schedule"), " 1");
    expect(await screen.findByText("By 0 8 * * 1, in words.", {}, SLOW)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Save settings" }));
    await waitFor(() => expect(sent(panel, "configure_function")).toHaveLength(1), SLOW);
    expect(sent(panel, "configure_function")[0]).toMatchObject({
      settings: { options: { topics: ["rooms/+/heat", "x"], schedule: "0 8 * * 1" }, env: [] },
      expectedVersion: "0.1.1",
    });
    expect(await screen.findByText("Saved", {}, SLOW)).toBeVisible();
  });

  it("are nowhere else", async () => {
    renderApp("/c/local/ns/playground/fn/hello?tab=settings");
    await screen.findByText("Limits", {}, SLOW);
    expect(screen.queryByLabelText("Topics")).toBeNull();
  });
});
