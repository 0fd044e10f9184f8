import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { useShell } from "@/app/ui-state";
import type { PlannedFunction, Project, ProjectOutcome } from "@/platform";
import { fail } from "../../tests/fixtures/panel";
import { EXECUTION, LIMITS } from "../../tests/fixtures/samples";
import { renderApp } from "../../tests/render-app";

const SLOW = { timeout: 15_000 };

const planned = (name: string, over: Partial<PlannedFunction> = {}): PlannedFunction => ({
  name,
  namespace: null,
  folder: `/p/${name}`,
  sequence: [],
  runtime: "python:3.11",
  contract: "openfaas",
  main: null,
  env: [],
  secrets: [],
  parameters: [],
  annotations: [],
  limits: LIMITS,
  settings: EXECUTION,
  web: "private",
  schedules: [],
  problems: [],
  deployable: true,
  ...over,
});

const PROJECT: Project = {
  kind: "openfaas",
  file: "/p/stack.yaml",
  problems: [],
  functions: [
    planned("hello", { secrets: [{ name: "KEY", source: "secrets", known: false }] }),
    planned("fresh"),
    planned("legacy", {
      deployable: false,
      problems: [
        { severity: "error", field: "functions.legacy.lang", line: 9, message: "No such language." },
      ],
    }),
  ],
};

const outcome = (name: string, over: Partial<ProjectOutcome> = {}): ProjectOutcome => ({
  name,
  function: { connection: "local", namespace: "playground", name },
  version: "0.0.2",
  changed: true,
  schedules: 0,
  missingSecrets: [],
  warnings: [],
  error: null,
  ...over,
});

it("shows what a project would change, deploys what is chosen, and says what came of it", async () => {
  const { panel } = renderApp("/c/local/ns/playground", (panel) => {
    panel.handlers.open_project = ({ path }) => {
      if (path !== "/p") throw fail("not_found", "There is no project file.");
      return PROJECT;
    };
    panel.handlers.deploy_project = () => [
      outcome("hello", { missingSecrets: ["KEY"] }),
      outcome("fresh", {
        function: null,
        version: null,
        error: { code: "invalid_input", message: "It does not compile.", retryable: false },
      }),
    ];
  });
  await screen.findByRole("heading", { level: 1 }, SLOW);
  useShell.getState().show({ type: "open-project" });
  const dialog = within(await screen.findByRole("dialog", {}, SLOW));
  const path = dialog.getByLabelText("Project file or folder");
  await userEvent.type(path, "/q");
  expect(await dialog.findByText("There is no project file.")).toBeVisible();
  expect(dialog.getByRole("button", { name: "New function from this folder" })).toBeVisible();
  await userEvent.clear(path);
  await userEvent.type(path, "/p");
  const plan = within(await dialog.findByTestId("project-plan"));
  expect(plan.getByText("Changes version 0.0.1")).toBeVisible();
  expect(plan.getByText("New")).toBeVisible();
  expect(plan.getByText("No such language.", { exact: false })).toBeVisible();
  expect(plan.getByRole("checkbox", { name: "Deploy legacy" })).toBeDisabled();
  await userEvent.click(dialog.getByRole("button", { name: "Deploy 2 functions" }));
  const outcomes = within(await dialog.findByTestId("project-outcomes"));
  expect(outcomes.getByText(/Set its secrets before it runs: KEY/)).toBeVisible();
  expect(outcomes.getByText(/It does not compile/)).toBeVisible();
  expect(panel.calls.find(({ command }) => command === "deploy_project")?.args).toEqual({
    connection: "local",
    path: "/p",
    functions: ["hello", "fresh"],
    namespace: "playground",
    watch: true,
  });
});

it("deploys to a provider only what it can run, unwatched and in red at production", async () => {
  const shop = "0af3b1c2d3e4f5061728394a5b6c7d8e";
  const { panel } = renderApp("/c/local/ns/playground", (panel) => {
    panel.handlers.open_project = () => ({
      ...PROJECT,
      functions: [planned("plain", { contract: "openwhisk" }), planned("hello")],
    });
    panel.handlers.deploy_project = () => [
      outcome("plain", { function: { connection: shop, namespace: "fn-378ae839", name: "plain" } }),
    ];
  });
  await screen.findByRole("heading", { level: 1 }, SLOW);
  useShell.getState().show({ type: "open-project" });
  const dialog = within(await screen.findByRole("dialog", {}, SLOW));
  await userEvent.type(dialog.getByLabelText("Project file or folder"), "/p");
  expect(await dialog.findByRole("checkbox", { name: "Deploy hello" }, SLOW)).toBeEnabled();
  await userEvent.selectOptions(dialog.getByLabelText("Deploy to"), "Shop");
  await waitFor(() => expect(dialog.getByLabelText("Namespace")).toHaveValue("fn-378ae839"), SLOW);
  expect(dialog.getByRole("checkbox", { name: "Deploy hello" })).toBeDisabled();
  expect(dialog.getByText("Production")).toBeVisible();
  expect(dialog.queryByRole("checkbox", { name: /whenever a file/ })).toBeNull();
  await userEvent.click(dialog.getByRole("button", { name: "Deploy 1 function" }));
  expect(await dialog.findByRole("link", { name: "plain" }, SLOW)).toHaveAttribute(
    "href",
    `/c/${shop}/ns/fn-378ae839/fn/plain`,
  );
  expect(panel.calls.find(({ command }) => command === "deploy_project")?.args).toEqual({
    connection: shop,
    path: "/p",
    functions: ["plain"],
    namespace: "fn-378ae839",
    watch: false,
  });
});

it("takes the code of a function from a folder", async () => {
  const { panel } = renderApp("/c/local/ns/playground/fn/hello?tab=code", (panel) => {
    panel.handlers.preview_folder = ({ path }) => ({
      path,
      files: [],
      bytes: 0,
      leftOut: [],
      leftOutCount: 0,
    });
    panel.handlers.set_folder = () => null;
  });
  await userEvent.click(await screen.findByRole("button", { name: "From a folder…" }, SLOW));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Folder, source file or zip"), "/p/hello");
  await userEvent.click(dialog.getByRole("button", { name: "Use folder" }));
  await waitFor(() =>
    expect(panel.calls.find(({ command }) => command === "set_folder")?.args).toEqual({
      function: { connection: "local", namespace: "playground", name: "hello" },
      path: "/p/hello",
      watch: true,
    }),
  );
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
});
