// An MQTT broker of the test's own.

import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { killAtExit } from "./beckon.mjs";
import { freePort } from "./ports.mjs";
import { defer, directory, soon, until } from "./sandbox.mjs";

const execute = promisify(execFile);
// Debian puts servers where only root's PATH looks.
const env = { PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` };

/** Starts mosquitto on a loopback port, for one user alone; answers `{ port, publish }`. It ends after the test. */
export async function mosquitto(t, { user, password }) {
  const place = await directory(t, "mosquitto");
  const port = await freePort();
  const passwords = join(place, "passwords");
  await writeFile(passwords, "");
  await execute("mosquitto_passwd", ["-b", passwords, user, password], { env });
  // Started by root it becomes another user, who may not read here.
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous false",
    `password_file ${passwords}`,
    "user root",
  ];
  await writeFile(join(place, "mosquitto.conf"), `${lines.join("\n")}\n`);
  const broker = spawn("mosquitto", ["-c", join(place, "mosquitto.conf")], { env, stdio: "ignore" });
  killAtExit(broker);
  const closed = new Promise((done, failed) => broker.on("close", done).on("error", failed));
  closed.catch(() => {});
  defer(t, async () => {
    broker.kill("SIGTERM");
    await soon("mosquitto to end", closed, 20_000);
  });
  await until("mosquitto to listen", () => answers(port));
  const publish = (topic, message) => {
    const to = ["-h", "127.0.0.1", "-p", String(port), "-u", user, "-P", password];
    return execute("mosquitto_pub", [...to, "-t", topic, "-m", message, "-q", "1"], { env });
  };
  return { port, publish };
}

function answers(port) {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => socket.end(() => done(true)));
    socket.on("error", () => done(false));
  });
}
