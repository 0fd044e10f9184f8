// What a function did, told from inside while it runs. A confined function can write no file that a test could read, and
// what it prints reaches the test only through the records that the test is about; a connection it can open.

import { once } from "node:events";
import net from "node:net";

import { defer } from "./sandbox.mjs";

/** JavaScript of a function: `await tell(line)` returns when the witness has written the line down. */
export const TELL = `
const tell = (line) => new Promise((done, fail) => {
  const socket = require("node:net").connect(Number(process.env.WITNESS), "127.0.0.1");
  socket.on("error", fail).on("close", done).resume().end(line + "\\n");
});`;

/** Starts a witness for the time of the test `t`. Functions find it with the environment `WITNESS`. */
export async function witness(t) {
  const lines = [];
  const server = net.createServer((socket) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    // A whole line or none: one that was cut off by a kill was not told.
    socket.on("end", () => lines.push(...text.split("\n").slice(0, -1)));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  defer(t, () => new Promise((done) => server.close(done)));
  return {
    port: server.address().port,
    /** How often each number was told after the word `kind`. */
    counts(kind) {
      const found = new Map();
      for (const line of lines) {
        const [what, n] = line.split(" ");
        if (what === kind) found.set(Number(n), (found.get(Number(n)) ?? 0) + 1);
      }
      return found;
    },
  };
}
