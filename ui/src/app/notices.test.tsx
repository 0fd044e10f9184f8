import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sampleRun, summaryOf } from "../../tests/fixtures/samples";
import { renderApp } from "../../tests/render-app";
import { Watch, words } from "./notices";

const SLOW = { timeout: 15_000 };
const long = { start: 1_000_000, durationMs: 95_000, cause: "panel" } as const;

afterEach(() => vi.unstubAllGlobals());

it("tells of a run of one's own once, at its end", () => {
  const watch = new Watch();
  const run = (status: "running" | "success", cause: "panel" | "gateway" = "panel") =>
    watch.see({ id: "a", cause, status });
  expect(run("success")).toBe(false);
  expect(run("running")).toBe(false);
  expect(run("success")).toBe(true);
  expect(run("success")).toBe(false);
  expect([run("running", "gateway"), run("success", "gateway")]).toEqual([false, false]);
  expect(words(sampleRun(1, { ...long, status: "timed_out", function: "p/export" }))).toEqual({
    title: "p/export ended: timed out",
    text: "playground, after 1 min 35 s",
  });
});

describe("in a browser", () => {
  function stub(permission: NotificationPermission) {
    const shown: Array<{ title: string; onclick?: () => void }> = [];
    class Stub {
      static permission = permission;
      static requestPermission = vi.fn(async () => {
        Stub.permission = "granted";
        return Stub.permission;
      });
      onclick?: () => void;
      constructor(readonly title: string) {
        shown.push(this);
      }
      close() {}
    }
    vi.stubGlobal("Notification", Stub);
    vi.spyOn(document, "hasFocus").mockReturnValue(false);
    return { shown, Stub };
  }

  it("shows a long run's end, and opens its record", async () => {
    const { shown } = stub("granted");
    const { panel } = renderApp("/settings");
    await screen.findByRole("heading", { name: "Notifications" }, SLOW);
    const end = (n: number, over: object) => {
      const row = (status: "running" | "success") => summaryOf(sampleRun(n, { ...long, status, ...over }));
      act(() => panel.emit({ type: "activations", rows: [row("running")] }));
      act(() => panel.emit({ type: "activations", rows: [row("success")] }));
    };
    end(900, { durationMs: 29_000 });
    end(901, { cause: "gateway" });
    end(902, {});
    await waitFor(() => expect(shown.map(({ title }) => title)).toEqual(["hello is done"]));
    act(() => shown[0]?.onclick?.());
    expect(await screen.findByTestId("activations", {}, SLOW)).toBeInTheDocument();
  });

  it("asks for permission on the switch, and saves the number", async () => {
    const { Stub } = stub("default");
    const { panel } = renderApp("/settings");
    const toggle = await screen.findByRole("checkbox", { name: /run of mine/ }, SLOW);
    expect(toggle).not.toBeChecked();
    await userEvent.click(toggle);
    await waitFor(() => expect(toggle).toBeChecked());
    expect(Stub.requestPermission).toHaveBeenCalledOnce();
    const seconds = screen.getByRole("spinbutton", { name: "Seconds" });
    await userEvent.clear(seconds);
    await userEvent.type(seconds, "120{Enter}");
    await waitFor(() => expect(panel.settings.notifyAfterS).toBe(120));
    await userEvent.click(toggle);
    await waitFor(() => expect(panel.settings.notifyAfterS).toBe(null));
    expect(toggle).toHaveFocus();
  });

  it("says when the browser blocks them", async () => {
    stub("denied");
    renderApp("/settings");
    expect(await screen.findByText(/blocks notifications of this page/, {}, SLOW)).toBeInTheDocument();
  });
});
