import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { BuildProgress, BuildRecord } from "@/platform";
import { renderApp } from "../../tests/render-app";

const SLOW = { timeout: 15_000 };
const FUNCTION = { connection: "local", namespace: "playground", name: "hello" };

const BUILD: BuildRecord = {
  id: "b".repeat(32),
  version: null,
  state: "building",
  started: Date.now(),
  durationMs: null,
  reused: false,
  build: "key",
  log: "log",
};

it("shows a build's lines while it is under way, and cancels it", async () => {
  const { panel } = renderApp("/c/local/ns/playground/fn/hello?tab=code", (panel) => {
    panel.handlers.cancel_build = () => true;
  });
  await screen.findByText("Version 0.0.1", {}, SLOW);
  const send = (progress: BuildProgress) => act(async () => panel.feed("watch_builds", progress));
  await send({ build: BUILD, lines: ["npm ci"] });
  await send({ build: BUILD, lines: ["added 3 packages"] });
  const live = within(await screen.findByTestId("build-live"));
  expect(live.getByText("Building")).toBeVisible();
  expect(live.getByRole("log")).toHaveTextContent("npm ci added 3 packages");
  await userEvent.click(live.getByRole("button", { name: "Cancel build" }));
  expect(panel.calls.find(({ command }) => command === "cancel_build")?.args).toEqual({ function: FUNCTION });
  await send({ build: { ...BUILD, state: "failed", durationMs: 1200 }, lines: ["npm error"] });
  expect(live.getByText("Failed")).toBeVisible();
  expect(live.getByText(/the version before it still serves/)).toBeVisible();
});

it("keeps the logs of versions, and of what failed", async () => {
  const { panel } = renderApp("/c/local/ns/playground/fn/hello?tab=overview", (panel) => {
    panel.handlers.builds = () => [
      { ...BUILD, state: "failed", durationMs: 900 },
      { ...BUILD, id: "c".repeat(32), state: "ready", version: "0.0.1", durationMs: 1500 },
    ];
    panel.handlers.build_log = ({ version }) => ({
      build: BUILD,
      log: version ?? "npm error: no such package",
    });
  });
  const [failed, ready] = await screen.findAllByTestId("build-row", {}, SLOW);
  expect(within(failed as HTMLElement).getByText("Version 0.0.1 still serves.")).toBeVisible();
  expect(within(ready as HTMLElement).getByText("serving now")).toBeVisible();
  await userEvent.click(within(failed as HTMLElement).getByRole("button", { name: /^Log of/ }));
  expect(await screen.findByText("npm error: no such package")).toBeVisible();
  expect(panel.calls.find(({ command }) => command === "build_log")?.args).toEqual({
    function: FUNCTION,
    version: null,
  });
});
