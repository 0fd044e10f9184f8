// Chromium with a fresh profile, watched for everything that a page should not do.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

import { defer, directory } from "./sandbox.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** The installed browser. Playwright's own is never downloaded. */
const EXECUTABLE = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));

/** Opens a browser of the test's own; answers `{ context, page, complaints }`. */
export async function openBrowser(
  t,
  { origin, colorScheme = "light", viewport = { width: 1280, height: 800 } },
) {
  assert.ok(EXECUTABLE, "there is no Chromium here: apt-get install chromium, or name one in CHROMIUM");
  const profile = await directory(t, "chromium");
  const context = await chromium.launchPersistentContext(profile, {
    // Its own home too: crash reports and the like must not end up in the user's. No session bus: it needs none.
    env: { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: profile, TMPDIR: profile },
    executablePath: EXECUTABLE,
    args: FLAGS,
    headless: true,
    colorScheme,
    viewport,
    timeout: 120_000,
  });
  defer(t, () => context.close());
  context.setDefaultTimeout(30_000);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const complaints = [];
  const watch = (page) => {
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()))
        complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(origin) && !/^(data|blob|about):/.test(request.url()))
        complaints.push(`asked another host: ${request.url()}`);
    });
  };
  await context.exposeBinding("__violated", (_, text) => complaints.push(`content security policy: ${text}`));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      window.__violated(
        `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      );
    });
  });
  context.on("page", watch);
  const [page] = context.pages();
  watch(page);
  return { context, page, complaints };
}

/** Asserts that nobody complained: no error in the console, no violation of the page's policy, no other host asked. */
export function assertQuiet(complaints) {
  assert.deepEqual(complaints, [], "the browser complained");
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Asserts that axe finds nothing on the page as it is now. */
export async function assertAccessible(page, what) {
  // Colours and opacity on their way somewhere would be measured half-way, also those of what opens
  // while axe looks: whoever asks for less motion has none.
  await page.emulateMedia({ reducedMotion: "reduce" });
  // Evaluated by the browser's own inspector, which the page's policy does not concern.
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate(
    (rules) =>
      window.axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }),
    RULES,
  );
  const lines = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      (node) =>
        `${id} (${help}): ${node.target.join(" ")}\n    ${node.html.slice(0, 200)}\n    ${node.failureSummary?.replaceAll("\n", " ")}`,
    ),
  );
  assert.equal(lines.length, 0, `${what}: ${lines.length} violations\n${lines.join("\n")}`);
}

/** Asserts that the window itself has nothing to scroll to: its parts scroll, the frame around them stays. */
export async function assertFixed(page, what) {
  const [content, window] = await page.evaluate(() => {
    const { scrollHeight, clientHeight } = document.documentElement;
    return [scrollHeight, clientHeight];
  });
  assert.equal(content, window, `${what}: the window scrolls as a whole`);
}

/** What is on the clipboard of the page's browser. */
export const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
