import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { toDeployment, toForm } from "@/deployments/form";
import type { Connection, Deployment, FunctionDetail, InvokeReply, Template } from "@/platform";
import { type FixturePanel, fail } from "./fixtures/panel";
import { CONNECTIONS, makeId, sampleFunctions, sampleRun, TEMPLATES } from "./fixtures/samples";
import { renderApp } from "./render-app";

const SLOW = { timeout: 15_000 };
const ID = "2cf3b1c2d3e4f5061728394a5b6c7d8e";
const NAMESPACE = `/c/${ID}/ns/openfaas-fn`;
const PAGE = `${NAMESPACE}/fn/hello`;
const TARGET = { connection: ID, namespace: "openfaas-fn", name: "hello" };

const GATEWAY = {
  ...CONNECTIONS[1],
  id: ID,
  name: "Gateway",
  kind: "openfaas",
  apiHost: "http://127.0.0.1:8080",
  capabilities: {
    call: "request",
    code: false,
    versions: false,
    deployments: true,
    kinds: false,
    entities: false,
    records: false,
    secrets: true,
    scale: true,
    logs: true,
    namespaces: true,
    namespaceMetadata: true,
    callbacks: true,
    cancels: true,
  },
} as Connection;

const DEPLOYMENT: Deployment = {
  image: "me/hello:1.0",
  process: "node index.js",
  env: { A: "1", LINES: "a\nb" },
  labels: {},
  annotations: {},
  secrets: ["api-key"],
  constraints: [],
  limits: { memory: "128Mi" },
  requests: {},
  readOnlyRootFilesystem: false,
};

function prepare(panel: FixturePanel) {
  const image = {
    deployment: DEPLOYMENT,
    invocations: 7,
    cpuMillis: null,
    memoryBytes: null,
    asyncUrl: "http://127.0.0.1:8080/async-function/hello",
  };
  const hello = {
    ...(sampleFunctions()[0] as FunctionDetail),
    function: TARGET,
    kind: "image",
    version: "",
    speaksHttp: true,
    apiUrl: null,
    functionUrl: "http://127.0.0.1:8080/function/hello",
    image,
    readiness: { state: "running", replicas: 2, availableReplicas: 1 },
    edits: { code: false, settings: false, deployment: true, engine: false, hiddenEnv: false },
    code: { type: "opaque", reason: "The code is in the image." },
  } as FunctionDetail;
  panel.connections.push(GATEWAY);
  panel.functions.push(hello);
  panel.handlers.namespaces = ({ connection }) =>
    connection === ID ? [{ name: "openfaas-fn", label: "openfaas-fn", created: 0, functions: 1 }] : [];
  const kept = ["api-key"];
  panel.handlers.namespace_secrets = () => kept;
  panel.handlers.put_namespace_secret = ({ name }) => void (kept.includes(name) || kept.push(name));
  panel.handlers.delete_namespace_secret = ({ name }) => void kept.splice(kept.indexOf(name), 1);
  panel.handlers.deploy_function = ({ deployment }) => ({ ...hello, image: { ...image, deployment } });
  panel.handlers.scale_function = () => null;
}

const sent = (panel: FixturePanel, command: string) =>
  panel.calls.filter((call) => call.command === command).map(({ args }) => args);
const tabs = () => screen.getAllByRole("tab").map(({ textContent }) => textContent);

it("has what its gateway has: a deployment instead of code and settings", async () => {
  const { panel } = renderApp(`${PAGE}?tab=code`, prepare);
  expect(await screen.findByText("me/hello:1.0", {}, SLOW)).toBeVisible();
  expect(tabs()).toEqual(["Overview", "Invoke", "Activations", "Logs", "Deployment"]);
  expect(screen.getAllByText("1 of 2 ready")[0]).toBeVisible();
  expect(sent(panel, "entities")).toEqual([]);
});

it("lists its functions with their images and states, and says nothing that it does not know", async () => {
  renderApp(NAMESPACE, prepare);
  const row = (await screen.findByRole("link", { name: "hello" }, SLOW)).closest("tr") as HTMLElement;
  expect(row).toHaveTextContent("me/hello:1.0");
  expect(row).toHaveTextContent("1 of 2 ready");
  const heads = screen.getAllByRole("columnheader").map(({ textContent }) => textContent);
  expect(heads).toEqual(["Name", "Image", "State", "Updated", "Actions"]);
});

it("is copied as a command", async () => {
  renderApp(`${PAGE}?tab=invoke`, prepare);
  expect(await screen.findByTestId("copy-curl", {}, SLOW)).toBeVisible();
});

it("is deployed again with all that was not changed, and scaled", async () => {
  const { panel } = renderApp(`${PAGE}?tab=settings`, prepare);
  const user = userEvent.setup();
  const replicas = await screen.findByLabelText("Replicas", {}, SLOW);
  expect(screen.getByRole("button", { name: "Scale" })).toBeDisabled();
  await user.clear(replicas);
  await user.type(replicas, "3");
  await user.click(screen.getByRole("button", { name: "Scale" }));
  await waitFor(() => expect(sent(panel, "scale_function")).toEqual([{ function: TARGET, replicas: 3 }]));
  const env = screen.getByLabelText("Environment");
  expect(env).toHaveValue("A=1\nLINES=a\\nb");
  const deploy = screen.getByRole("button", { name: "Deploy" });
  fireEvent.change(env, { target: { value: "A=1\nLINES=a\\nb\nnothing" } });
  expect(screen.getByText(/“nothing” is not NAME=value/)).toBeVisible();
  expect(deploy).toBeDisabled();
  fireEvent.change(env, { target: { value: "LINES=a\\nb\nB= x=y" } });
  await user.click(deploy);
  await waitFor(() =>
    expect(sent(panel, "deploy_function")).toEqual([
      { function: TARGET, deployment: { ...DEPLOYMENT, env: { LINES: "a\nb", B: " x=y" } }, new: false },
    ]),
  );
});

it("is called with a request, and its asynchronous runs may call back", async () => {
  const { panel } = renderApp(`${PAGE}?tab=invoke`, (prepared) => {
    prepare(prepared);
    prepared.handlers.invoke_http = () => ({ activation: prepared.runs[0], promoted: false });
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("radio", { name: "Async" }, SLOW));
  await user.selectOptions(await screen.findByLabelText("When it is over, call"), "url");
  await user.type(screen.getByLabelText("Callback URL"), "http://127.0.0.1:9/done");
  await user.click(screen.getByTestId("run-button"));
  await waitFor(() =>
    expect(sent(panel, "invoke_http")[0]).toMatchObject({
      function: TARGET,
      mode: "non_blocking",
      callbackUrl: "http://127.0.0.1:9/done",
      request: { method: "POST" },
    }),
  );
});

it("shows an answer while it comes, and gives the call up before there is one", async () => {
  let finish: (reply: InvokeReply) => void = () => undefined;
  const run = sampleRun(1, { id: makeId(7002), connection: ID, status: "cancelled", mode: "blocking" });
  const { panel } = renderApp(`${PAGE}?tab=invoke`, (prepared) => {
    prepare(prepared);
    prepared.handlers.invoke_http_live = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    prepared.handlers.cancel = () => {
      finish({ activation: run, promoted: false });
      return true;
    };
  });
  const button = await screen.findByTestId("run-button", {}, SLOW);
  await waitFor(() => expect(button).toBeEnabled(), SLOW);
  fireEvent.click(button);
  await waitFor(() => expect(sent(panel, "invoke_http_live")).toHaveLength(1));
  panel.feed("invoke_http_live", { type: "called", id: run.id });
  expect(await screen.findByRole("button", { name: "Cancel" })).toBeVisible();
  panel.feed("invoke_http_live", {
    type: "begun",
    id: run.id,
    status: 200,
    contentType: "application/x-ndjson",
  });
  panel.feed("invoke_http_live", { type: "piece", base64: btoa('{"a":1}\n'), afterMs: 10 });
  await waitFor(() =>
    expect(within(screen.getByTestId("stream")).getByRole("option")).toHaveTextContent('{"a":1}'),
  );
  fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(await screen.findByText("Cancelled", {}, SLOW)).toBeVisible();
  expect(sent(panel, "cancel")).toEqual([{ id: run.id }]);
});

it("shows a namespace's labels and annotations, and changes them", async () => {
  const metadata = { labels: { openfaas: "1" }, annotations: { openfaas: "1", note: "a\\nb" } };
  const { panel } = renderApp(NAMESPACE, (prepared) => {
    prepare(prepared);
    prepared.handlers.namespace_metadata = () => metadata;
    prepared.handlers.put_namespace_metadata = () => undefined;
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Labels" }, SLOW));
  const dialog = within(await screen.findByRole("dialog", { name: "Labels and annotations" }, SLOW));
  const labels = await dialog.findByLabelText("Labels");
  expect(labels).toHaveValue("openfaas=1");
  const save = dialog.getByRole("button", { name: "Save" });
  expect(save).toBeDisabled();
  await user.type(labels, "\nteam");
  expect(dialog.getByText("“team” is not NAME=value.")).toBeVisible();
  expect(save).toBeDisabled();
  await user.type(labels, "=blue = sky");
  await user.click(save);
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent(panel, "put_namespace_metadata")).toEqual([
    {
      connection: ID,
      namespace: "openfaas-fn",
      metadata: { ...metadata, labels: { openfaas: "1", team: "blue = sky" } },
    },
  ]);
});

it("says why labels cannot be read", async () => {
  renderApp(NAMESPACE, (prepared) => {
    prepare(prepared);
    prepared.handlers.namespace_metadata = () => {
      throw fail("not_supported", "This server manages no namespaces.");
    };
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Labels" }, SLOW));
  expect(await screen.findByText("This server manages no namespaces.", {}, SLOW)).toBeVisible();
});

it("gives up a call that is waited for, also where nothing that was accepted is taken back", async () => {
  const over = { connection: ID, namespace: "openfaas-fn", function: "hello" };
  const open = { ...over, end: null, durationMs: null, result: null };
  const waited = sampleRun(1, { ...open, id: makeId(7003), status: "running", mode: "blocking" });
  const accepted = sampleRun(2, { ...open, id: makeId(7004), status: "polling", mode: "non_blocking" });
  const { panel } = renderApp(`/activations?id=${waited.id}`, (prepared) => {
    prepare(prepared);
    prepared.connections.push({
      ...(prepared.connections.pop() as Connection),
      capabilities: { ...GATEWAY.capabilities, cancels: false },
    });
    prepared.runs.unshift(waited, accepted);
    prepared.handlers.cancel = () => true;
  });
  const [cancel] = await screen.findAllByRole("button", { name: "Cancel run" }, SLOW);
  fireEvent.click(cancel as HTMLElement);
  await waitFor(() => expect(sent(panel, "cancel")).toEqual([{ id: waited.id }]));
});

it("keeps secrets, whose values are never shown", async () => {
  const { panel } = renderApp(`${NAMESPACE}?tab=secrets`, prepare);
  const user = userEvent.setup();
  expect(await screen.findByTestId("namespace-secret", {}, SLOW)).toHaveTextContent("api-key");
  expect(tabs().map((text) => text?.replace(/\d+$/, ""))).toEqual(["Functions", "Secrets"]);
  await user.click(screen.getByRole("button", { name: "New secret" }));
  const dialog = within(await screen.findByRole("dialog", {}, SLOW));
  await user.type(dialog.getByLabelText("Name"), "token");
  await user.type(dialog.getByLabelText("Value"), "hush");
  await user.click(dialog.getByRole("button", { name: "Create secret" }));
  await waitFor(() => expect(screen.getAllByTestId("namespace-secret")).toHaveLength(2), SLOW);
  expect(sent(panel, "put_namespace_secret")).toEqual([
    { connection: ID, namespace: "openfaas-fn", name: "token", value: "hush", replace: false },
  ]);
  await user.click(screen.getByRole("button", { name: "Delete token" }));
  const sure = within(await screen.findByRole("dialog", { name: /Delete the secret token/ }));
  expect(sure.getByRole("button", { name: "Delete secret" })).toBeDisabled();
  await user.type(sure.getByRole("textbox"), "token");
  await user.click(sure.getByRole("button", { name: "Delete secret" }));
  await waitFor(() => expect(screen.getAllByTestId("namespace-secret")).toHaveLength(1));
});

it("writes values with line breaks as lines, and reads them back", () => {
  const env = { A: "x\ny", B: "C:\\new", C: "a=b ", D: "\\\\n" };
  const was = { ...DEPLOYMENT, env };
  const form = toForm(was);
  expect(form.env.split("\n")).toHaveLength(4);
  expect(toDeployment(form, undefined).env).toEqual(env);
  expect(toDeployment(form, was)).toEqual(was);
});

it("offers the handlers of Spaces, and of its pages those that it has", async () => {
  const python = { ...(TEMPLATES[1] as Template), id: "python-spaces", contract: "spaces" } as const;
  const { panel } = renderApp(`/c/${ID}/ns/openfaas-fn`, (prepared) => {
    const capabilities = { ...GATEWAY.capabilities, code: true, deployments: false, secrets: false };
    prepared.connections.push({ ...GATEWAY, kind: "spaces", capabilities });
    prepared.handlers.templates = () => [...TEMPLATES, python];
    prepared.handlers.namespaces = ({ connection }) =>
      connection === ID ? [{ name: "openfaas-fn", label: "openfaas-fn", created: 0, functions: 0 }] : [];
    prepared.handlers.create_function = ({ function: f, kind }) => ({
      ...(sampleFunctions()[0] as FunctionDetail),
      function: f,
      kind,
      version: "0.123.456",
    });
  });
  const user = userEvent.setup();
  await user.click((await screen.findAllByRole("button", { name: "New function" }, SLOW))[0] as HTMLElement);
  const dialog = within(await screen.findByRole("dialog", { name: "New function" }, SLOW));
  await user.type(dialog.getByLabelText("Name"), "echo");
  await waitFor(() => expect(dialog.getByLabelText("Template")).toHaveValue("python-spaces"), SLOW);
  await user.click(dialog.getByRole("button", { name: /^Create/ }));
  await waitFor(() =>
    expect(sent(panel, "create_function")).toEqual([
      {
        function: { connection: ID, namespace: "openfaas-fn", name: "echo" },
        kind: "python:default",
        code: { type: "source", text: python.code },
        contract: "spaces",
      },
    ]),
  );
  expect(await screen.findByRole("heading", { level: 1, name: "echo" }, SLOW)).toBeVisible();
  expect(screen.queryByText("0.123.456")).not.toBeInTheDocument();
  expect(sent(panel, "kinds")).toEqual([]);
});

it("makes and deletes namespaces where the system lets one", async () => {
  const there = ["openfaas-fn", "staging"];
  const { panel } = renderApp(`/c/${ID}/ns/staging`, (prepared) => {
    prepare(prepared);
    prepared.handlers.namespaces = ({ connection }) =>
      connection === ID ? there.map((name) => ({ name, label: name, created: 0, functions: 0 })) : [];
    prepared.handlers.create_namespace = ({ name }) => {
      there.push(name);
      return { name, label: name, created: 0, functions: 0 };
    };
    prepared.handlers.delete_namespace = ({ name }) => void there.splice(there.indexOf(name), 1);
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: "Delete" }, SLOW));
  const sure = within(await screen.findByRole("dialog", { name: /Delete the namespace/ }, SLOW));
  await user.type(sure.getByRole("textbox"), "staging");
  await user.click(sure.getByRole("button", { name: "Delete namespace" }));
  await waitFor(() =>
    expect(sent(panel, "delete_namespace")).toEqual([
      { name: "staging", confirmation: "staging", connection: ID },
    ]),
  );

  await user.click(await screen.findByRole("button", { name: "Create" }, SLOW));
  await user.click(await screen.findByRole("menuitem", { name: "New namespace" }, SLOW));
  const dialog = within(await screen.findByRole("dialog", { name: "New namespace" }, SLOW));
  expect(dialog.queryByLabelText("Label")).not.toBeInTheDocument();
  await user.type(dialog.getByLabelText("Name"), "third");
  await user.click(dialog.getByRole("button", { name: "Create namespace" }));
  await waitFor(() =>
    expect(sent(panel, "create_namespace")).toEqual([{ name: "third", label: "third", connection: ID }]),
  );
  await waitFor(() => expect(window.location.pathname).toBe(`/c/${ID}/ns/third`), SLOW);
});
