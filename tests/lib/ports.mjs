// Ports and displays that nobody uses.

import { spawn } from "node:child_process";
import net from "node:net";

import { killAtExit } from "./beckon.mjs";
import { defer, soon, until } from "./sandbox.mjs";

/** A TCP port on loopback that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** An X server without a screen, on a display of its own; it ends after the test. Answers `:N`. */
export async function display(t, { width = 1280, height = 800 } = {}) {
  const args = ["-displayfd", "1", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"];
  const server = spawn("Xvfb", args, { stdio: ["ignore", "pipe", "pipe"] });
  killAtExit(server);
  let number = "";
  let said = "";
  server.stdout.on("data", (chunk) => {
    number += chunk;
  });
  server.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const closed = new Promise((done) => server.on("close", done));
  defer(t, async () => {
    server.kill("SIGTERM");
    await soon("Xvfb to end", closed, 20_000).catch(() => server.kill("SIGKILL"));
  });
  await until("Xvfb", () => {
    if (server.exitCode !== null) throw new Error(`Xvfb ended with ${server.exitCode}: ${said}`);
    return number.includes("\n");
  });
  return `:${number.trim()}`;
}
