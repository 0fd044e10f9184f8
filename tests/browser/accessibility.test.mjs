// axe on every route and in every state, light and dark: no violations, and a frame that stays where it is.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import test from "node:test";

import { home, ok, serve, token } from "../lib/beckon.mjs";
import { assertAccessible, assertFixed, assertQuiet, openBrowser } from "../lib/browser.mjs";
import { local } from "../lib/panel.mjs";
import { defer, until } from "../lib/sandbox.mjs";
import { zip } from "../lib/zip.mjs";

const MINUTES = 60_000;
const HELLO = "/c/local/ns/playground/fn/hello";

const button = (page, name) => page.getByRole("button", { name, exact: typeof name === "string" }).first();
const open = (page, name) => button(page, name).click();
const dialog = (page) => page.getByRole("dialog").first().waitFor();

/** Looks at one state after the other. A state that is not reached is a failure too. */
async function look(t, page, origin, scheme, states) {
  for (const [what, path, reach, leave] of states) {
    await t.test(`${what}, ${scheme}`, async () => {
      await page.goto(`${origin}${path}`);
      await page.getByRole("main").waitFor();
      await reach?.(page);
      await assertAccessible(page, `${what}, ${scheme}`);
      await assertFixed(page, `${what}, ${scheme}`);
      await leave?.(page);
    });
  }
}

for (const scheme of ["light", "dark"]) {
  test(`an empty panel, ${scheme}`, { timeout: 8 * MINUTES }, async (t) => {
    const beckon = await serve(t, { args: ["--port", "0", "--no-examples"], env: { keychain: false } });
    const { page, complaints } = await openBrowser(t, { origin: beckon.panelOrigin, colorScheme: scheme });
    await page.goto(beckon.link);
    const says = (text) => () => page.getByRole("main").getByText(text).first().waitFor();
    await look(t, page, beckon.panelOrigin, scheme, [
      ["no function", "/", says("There is no function yet")],
      ["no run", "/activations", says(/no (runs|activations)|nothing/i)],
      ["an idle engine", "/engine", says("No worker is warm")],
      ["no delivery", "/deliveries", says("Nothing was delivered yet")],
      ["no inbox", "/inboxes", says("There is no inbox yet")],
      ["no token", "/tokens", says("There is no token yet")],
      ["no connection", "/connections", says("No provider is connected")],
      ["an empty namespace", "/c/local/ns/playground", says("No functions yet")],
      ["settings without a keychain", "/settings", says("Appearance")],
      ["an address that is none", "/nothing/here", says("There is no such page")],
      ["a function that is not there", "/c/local/ns/playground/fn/nothing", says(/There is no function/)],
      ["a namespace that is not there", "/c/local/ns/nothing", says(/There is no namespace/)],
      [
        "the choice of an encrypted file",
        "/",
        async () => {
          await page
            .getByRole("contentinfo")
            .getByRole("button", { name: /No place for secrets/ })
            .click();
          await dialog(page);
        },
      ],
    ]);
    // What is not there is answered with 404, and a browser writes that down.
    assertQuiet(complaints.filter((line) => !/status of 404 .*\/api\/function\b/.test(line)));
    await t.test(`no session, ${scheme}`, async () => {
      await page.context().clearCookies();
      await page.goto(beckon.panelOrigin);
      await page.getByText(/beckon url/).waitFor();
      await assertAccessible(page, `no session, ${scheme}`);
    });
  });

  test(`a panel in use, ${scheme}`, { timeout: 12 * MINUTES }, async (t) => {
    const place = await home(t);
    const beckon = await serve(t, { home: place });
    const panel = await beckon.panel();
    const ids = await fill(t, beckon, panel);
    const { page, complaints } = await openBrowser(t, { origin: beckon.panelOrigin, colorScheme: scheme });
    await page.goto(beckon.link);
    const rows = () => page.getByTestId("activation-row").first().waitFor();
    const record = (tab) => async () => {
      const found = page.getByTestId("record-panel");
      await found.waitFor();
      await found.getByRole("tab", { name: tab }).click();
    };
    const palette = (text) => async () => {
      await page.keyboard.press("Control+k");
      await dialog(page);
      await page.keyboard.type(text);
    };

    await look(t, page, beckon.panelOrigin, scheme, [
      ["the first screen", "/", () => page.getByRole("heading", { level: 1 }).waitFor()],
      [
        "a function, run",
        `${HELLO}?tab=invoke`,
        async () => {
          await open(page, "Run");
          await page.getByRole("region", { name: "Result" }).getByText("Success").waitFor();
        },
      ],
      [
        "a function with bad input",
        `${HELLO}?tab=invoke`,
        async () => {
          await page.getByRole("textbox", { name: "Input" }).fill('{"a": ');
          await open(page, "Run");
          await page.getByRole("alert").first().waitFor();
        },
        () => page.getByRole("textbox", { name: "Input" }).fill("{}"),
      ],
      [
        "a run that failed",
        "/c/local/ns/playground/fn/raises?tab=invoke",
        async () => {
          await open(page, "Run");
          await page.getByRole("region", { name: "Result" }).getByText("Application error").waitFor();
        },
      ],
      [
        "the engine, with its charts and guards",
        "/engine",
        async () => {
          await page.getByTestId("worker-row").first().waitFor();
          await page.getByTestId("guard-row").first().waitFor();
          await open(page, /^Runs: show the values/);
          await page.getByRole("region", { name: "Runs as a table" }).waitFor();
        },
      ],
      [
        "deliveries, with a history",
        "/deliveries",
        async () => {
          await open(page, /^History of the delivery/);
          await page.getByTestId("delivery-history").waitFor();
        },
      ],
      [
        "an inbox, with what came",
        "/inboxes",
        async () => {
          await open(page, /^Show POST/);
          await page.getByTestId("message-detail").waitFor();
        },
      ],
      [
        "rules for deliveries",
        "/deliveries",
        async () => {
          await open(page, "Rules…");
          await dialog(page);
        },
      ],
      [
        "a new inbox",
        "/inboxes",
        async () => {
          await open(page, "New inbox");
          await dialog(page);
        },
      ],
      [
        "triggers",
        `${HELLO}?tab=triggers`,
        async () => {
          await page.getByTestId("schedule").first().waitFor();
          await page
            .getByTestId("trigger")
            .getByText(/cannot be reached/)
            .waitFor();
        },
      ],
      [
        "no trigger",
        "/c/local/ns/playground/fn/slow?tab=triggers",
        () => page.getByText("It listens to no broker").waitFor(),
      ],
      [
        "a new schedule, with its next times",
        `${HELLO}?tab=triggers`,
        async () => {
          await open(page, "New schedule");
          await page.getByTestId("schedule-preview").getByRole("listitem").first().waitFor();
        },
      ],
      [
        "a schedule that is none",
        `${HELLO}?tab=triggers`,
        async () => {
          await open(page, "New schedule");
          await page.getByLabel("When, as a cron expression").fill("61 * * * *");
          await page.getByTestId("schedule-preview").locator(".text-bad").waitFor();
        },
      ],
      [
        "the history of a schedule",
        `${HELLO}?tab=triggers`,
        async () => {
          await open(page, /^History of /);
          await dialog(page);
        },
      ],
      [
        "deleting a schedule",
        `${HELLO}?tab=triggers`,
        async () => {
          await open(page, "Delete nightly");
          await dialog(page);
        },
      ],
      [
        "a new message trigger that logs in",
        `${HELLO}?tab=triggers`,
        async () => {
          await open(page, "New message trigger");
          await dialog(page);
          await page.getByLabel("Logs in with").selectOption("password");
        },
      ],
      [
        "destinations and host names of a function",
        "/c/local/ns/playground/fn/throws?tab=settings",
        async () => {
          await page.getByLabel("Host names").waitFor();
          await page.getByLabel("On failure").selectOption("nats");
          await page.getByLabel("Subject").waitFor();
          await open(page, "Save settings");
          await page.locator("[aria-invalid=true]").first().waitFor();
        },
        () => open(page, "Discard"),
      ],
      [
        "a project to open, which is none",
        "/",
        async () => {
          await palette("Open project")();
          await page.keyboard.press("Enter");
          await page.getByLabel("Project file or folder").fill("/nothing/here");
          await page.getByRole("button", { name: "New function from this folder" }).waitFor();
        },
      ],
      [
        "a project, and what would be made of it",
        "/",
        async () => {
          await palette("Open project")();
          await page.keyboard.press("Enter");
          await page.getByLabel("Project file or folder").fill(ids.project);
          await page.getByTestId("project-plan").waitFor();
        },
      ],
      [
        "a project, deployed",
        "/",
        async () => {
          await palette("Open project")();
          await page.keyboard.press("Enter");
          await page.getByLabel("Project file or folder").fill(ids.project);
          await open(page, "Deploy 1 function");
          await button(page, "Done").waitFor();
        },
      ],
      [
        "the code of a folder",
        "/c/local/ns/playground/fn/api?tab=code",
        () => page.getByRole("region", { name: "Folder" }).getByText("Watching", { exact: true }).waitFor(),
      ],
      ["overview", `${HELLO}?tab=overview`, () => page.getByText("Recent runs").waitFor()],
      ["code", `${HELLO}?tab=code`, () => page.getByRole("textbox", { name: "Code of hello" }).waitFor()],
      [
        "code of a zip",
        "/c/local/ns/playground/fn/packed?tab=code",
        () => page.getByText("index.js").waitFor(),
      ],
      ["activations of a function", `${HELLO}?tab=activations`, rows],
      [
        "settings of a function",
        `${HELLO}?tab=settings`,
        async () => {
          await open(page, "Show token");
          await page.getByTestId("shown-token").waitFor();
        },
      ],
      [
        "settings of a function, changed",
        `${HELLO}?tab=settings`,
        async () => {
          await open(page, "Add variable");
          await button(page, "Save settings").waitFor();
        },
        () => open(page, "Discard"),
      ],
      [
        "a new secret",
        `${HELLO}?tab=settings`,
        async () => {
          await open(page, "Add secret…");
          await dialog(page);
        },
      ],
      ["a namespace", "/c/local/ns/playground", () => page.getByRole("table").waitFor()],
      [
        "renaming a namespace",
        "/c/local/ns/playground",
        async () => {
          await open(page, "Rename");
          await dialog(page);
        },
      ],
      [
        "deleting a namespace",
        "/c/local/ns/playground",
        async () => {
          await open(page, "Delete");
          await dialog(page);
        },
      ],
      [
        "deleting a function",
        HELLO,
        async () => {
          await open(page, "Actions for the function");
          await page.getByRole("menuitem", { name: "Delete…" }).click();
          await dialog(page);
        },
      ],
      ["the log", "/activations", rows],
      [
        "the log with a filter that is none",
        "/activations?q=status%3Anonsense",
        () =>
          page
            .getByText(/is not a status/)
            .first()
            .waitFor(),
      ],
      [
        "the log with a filter that finds nothing",
        "/activations?q=nothing-has-this-word",
        () =>
          page
            .getByRole("main")
            .getByText(/filter/i)
            .first()
            .waitFor(),
      ],
      [
        "a time range",
        "/activations",
        async () => {
          await rows();
          await open(page, "Choose a time range");
          await dialog(page);
        },
      ],
      [
        "choosing a function",
        "/activations",
        async () => {
          await rows();
          await page.getByRole("combobox", { name: /^Function: / }).click();
          await page.getByLabel("Find a function").waitFor();
        },
      ],
      ...["Result", "Input", /^Logs/, "Timing", "Raw"].map((tab) => [
        `a record, ${tab}`,
        `/activations?id=${ids.success}`,
        record(tab),
      ]),
      ["a record of an error", `/activations?id=${ids.error}`, record("Result")],
      ["a record of a run in progress", `/activations?id=${ids.running}`, record("Result")],
      [
        "a record that is not there",
        `/activations?id=${"0".repeat(32)}`,
        () =>
          page
            .getByText(/no record|retention/i)
            .first()
            .waitFor(),
      ],
      [
        "copy as curl",
        `/activations?id=${ids.success}`,
        async () => {
          await record("Result")();
          await open(page, "Copy curl");
          await dialog(page);
        },
      ],
      [
        "connections, one of them failing",
        "/connections",
        () => page.getByTestId("connection-failure").first().waitFor(),
      ],
      [
        "a new connection that cannot be reached",
        "/connections",
        async () => {
          await open(page, "Add connection");
          await dialog(page);
          await page.getByLabel("Name", { exact: true }).fill("Nobody");
          await page.getByRole("textbox", { name: "API host" }).fill("http://127.0.0.1:1");
          await page.getByRole("dialog").getByLabel(/^Key/).fill("user:key");
          await open(page, "Test");
          await page.getByTestId("test-result").waitFor();
        },
      ],
      [
        "the function of a production connection",
        `/c/${ids.connection}/ns/fn-remote/fn/nothing`,
        () => page.getByRole("main").waitFor(),
      ],
      ["tokens", "/tokens", () => page.getByTestId("token-row").first().waitFor()],
      [
        "a new token",
        "/tokens",
        async () => {
          await open(page, "New token");
          await dialog(page);
        },
      ],
      [
        "a new token without a name",
        "/tokens",
        async () => {
          await open(page, "New token");
          await open(page, "Create token");
          await page.getByRole("dialog").getByText(/name/i).nth(1).waitFor();
        },
      ],
      [
        "a token, shown once",
        "/tokens",
        async () => {
          await open(page, "New token");
          await page.getByLabel("Name", { exact: true }).fill(`for ${scheme}`);
          await open(page, "Create token");
          await page.getByTestId("new-credential").waitFor();
        },
      ],
      [
        "revoking a token",
        "/tokens",
        async () => {
          await open(page, /^Revoke /);
          await dialog(page);
        },
      ],
      ["settings", "/settings", () => page.getByRole("heading", { name: "Settings" }).waitFor()],
      [
        "a new function",
        "/",
        async () => {
          await open(page, "Create");
          await page.getByRole("menuitem", { name: "New function" }).waitFor();
          await assertAccessible(page, `the menu, ${scheme}`);
          await page.getByRole("menuitem", { name: "New function" }).click();
          await page.getByRole("dialog").getByLabel("Template", { exact: true }).waitFor();
        },
      ],
      [
        "a new namespace with a bad name",
        "/",
        async () => {
          await open(page, "Create");
          await page.getByRole("menuitem", { name: "New namespace" }).click();
          await page.getByLabel("Name", { exact: true }).fill("not/a name");
          await page
            .getByRole("dialog")
            .getByRole("button", { name: /^Create/ })
            .click();
          await page.locator("[aria-invalid=true]").waitFor();
        },
      ],
      [
        "the connection switcher",
        "/",
        async () => {
          await page.getByRole("complementary", { name: "Navigation" }).getByRole("button").first().click();
          await page.getByRole("menu").waitFor();
        },
      ],
      [
        "the engine",
        "/",
        async () => {
          await page.getByRole("contentinfo").getByRole("button").first().click();
          await page.getByRole("dialog", { name: "Local engine" }).waitFor();
        },
      ],
      ["search", "/", palette("hello")],
      [
        "search that finds nothing",
        "/",
        async () => {
          await palette("no such name")();
          await page.getByText("Nothing has this in its name").waitFor();
        },
      ],
      [
        "all keys",
        "/activations",
        async () => {
          await rows();
          await page.keyboard.press("?");
          await dialog(page);
        },
      ],
    ]);
    assertQuiet(
      complaints.filter(
        (line) =>
          !/status of (400|404|502) .*\/api\/(function|functions|namespaces|activation|test_connection|open_project|preview_schedule)\b/.test(
            line,
          ),
      ),
    );
  });
}

/** Something of everything. */
async function fill(t, beckon, panel) {
  const make = (name, code, kind = "nodejs:default") => panel.create(name, kind, code);
  await make("throws", "function main() { throw new Error('no luck') }");
  await make("raises", "def main(args):\n    raise ValueError('no luck')\n", "python:default");
  await make(
    "slow",
    "function main({ ms }) { return new Promise((done) => setTimeout(() => done({}), ms)) }",
  );
  const base64 = zip({ "index.js": "exports.main = () => ({})", "lib/a.js": "" }).toString("base64");
  await panel.call("create_function", {
    function: local("packed"),
    kind: "nodejs:default",
    code: { type: "zip", base64 },
  });
  const success = (await panel.invoke(local("hello"), { name: "Ada", list: [1, 2, { deep: null }] }))
    .activation.id;
  const { url } = await panel.call("create_inbox", { label: "Callbacks" });
  const ask = { function: local("hello"), input: "{}", mode: "non_blocking", callbackUrl: url };
  const told = (await panel.call("invoke", ask)).activation.id;
  await until("the callback", async () => (await panel.call("messages_of", { run: told })).length === 1);
  const error = (await panel.invoke(local("raises"))).activation.id;
  const owner = { namespace: "playground", name: "hello" };
  const schedule = { name: "nightly", function: owner, expression: "0 3 * * *", zone: "Europe/Berlin" };
  await panel.call("save_schedule", {
    schedule: { ...schedule, arguments: "{}", missed: "once", enabled: true },
  });
  const subscription = { broker: "nats", subject: "orders.*", queueGroup: null };
  const trigger = { name: "orders", function: owner, server: "nats://127.0.0.1:1", subscription };
  await panel.call("save_trigger", {
    trigger: { ...trigger, credential: "none", paused: false },
  });
  const { settings, ...before } = await panel.call("function", { function: local("throws") });
  await panel.call("configure_function", {
    function: local("throws"),
    expectedVersion: before.version,
    settings: {
      ...before,
      contract: null,
      settings: {
        ...settings,
        onSuccess: { kind: "queue", queue: "orders", channel: null },
        domains: ["shop.localhost"],
      },
    },
  });
  const project = await shop(beckon.home.dir);
  for (const name of ["hello-python", "hello-shell", "throws"]) await panel.invoke(local(name), { name });
  const running = (await panel.invoke(local("slow"), { ms: 600_000 }, "non_blocking")).activation.id;
  defer(t, () => panel.call("cancel", { id: running }).catch(() => {}));
  await until("the slow run to begin", async () => (await panel.activation(running)).status === "running");

  const revoked = await token(beckon.home, "--name", "Revoked one");
  await ok(beckon.home, ["token", "revoke", revoked.split(":")[0]]);
  await token(beckon.home, "--name", "Brief one", "--expires", "1s");
  await token(beckon.home, "--name", "For one function", "--namespace", "playground", "--function", "hello");

  // A production connection that was fine when it was made.
  const server = http.createServer((request, response) => {
    request.resume();
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(request.url.endsWith("/namespaces") ? '["fn-remote"]' : "[]");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const draft = {
    name: "Gone shop",
    kind: "digitalocean",
    environment: "production",
    apiHost: `http://127.0.0.1:${server.address().port}`,
    key: "dof_v1_00000000000000000000000000000000:secret",
  };
  const connection = (await panel.call("add_connection", { draft })).id;
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  assert.equal((await panel.call("check_connection", { id: connection })).state.state, "failing");
  return { success, error, running, connection, project };
}

/** An OpenFaaS project with a function that can be deployed, and one that cannot. */
async function shop(dir) {
  const project = join(dir, "shop");
  await mkdir(join(project, "api"), { recursive: true });
  const handler = 'def handle(event, context):\n    return {"statusCode": 200, "body": "hi"}\n';
  await writeFile(join(project, "api/handler.py"), handler);
  const lines = [
    "version: 1.0",
    "provider:",
    "  name: openfaas",
    "functions:",
    "  api:",
    "    lang: python3-http",
    "    handler: ./api",
    "    secrets: [smtp-password]",
    "  legacy:",
    "    lang: cobol",
    "    handler: ./legacy",
  ];
  await writeFile(join(project, "stack.yaml"), `${lines.join("\n")}\n`);
  return project;
}
