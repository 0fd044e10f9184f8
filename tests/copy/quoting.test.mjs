// Copied curl commands, really executed: whatever the input holds, sh, bash and zsh send it as it is.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { ok, serve } from "../lib/beckon.mjs";
import { local } from "../lib/panel.mjs";

const MINUTES = 60_000;
const INPUTS = 60;
const SEED = Number(process.env.BECKON_SEED ?? 20_261_121);
const ECHO = "function main(args) { return { echo: args } }";

const PYTHON = fileURLToPath(new URL("../venv/bin/python", import.meta.url));
const NODE_PATH = fileURLToPath(new URL("../node_modules", import.meta.url));

const SHELLS = ["sh", "bash", "zsh"].filter((shell) => {
  try {
    execFileSync("sh", ["-c", `command -v ${shell}`]);
    return true;
  } catch {
    return false;
  }
});

// What shells, curl and JSON give a meaning to.
// biome-ignore format: a table
const SPICES = [
  "'", '"', "''", "\\", "\\\\", "\\'", "'\\''", "\n", "\r\n", "\t", "$", "$HOME", "$" + "{HOME}", "$(id)", "`id`",
  "!", "!!", "!id", "@", "@/etc/passwd", "%", "%41", "&", "&&", ";", "|", ">", "<", "<<'JSON'", "\nJSON\n", "*", "?",
  "[a-z]", "{a,b}", "#", "~", "=", "--data", "-", "(", ")", "é", "日本語", "🦊", "\u2028", "\u00a0", "\ufeff", "\u0000",
  "\u0001", "\u0007", "\u001b[31m", "\u007f", "\\u0041", "\\n", " ", "  ", "a", "Z", "0",
];

/** Numbers from a seed (mulberry32), so that a failure can be repeated. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function* hostile(seed, count) {
  const next = random(seed);
  const pick = (n) => Math.floor(next() * n);
  const text = () => Array.from({ length: pick(9) }, () => SPICES[pick(SPICES.length)]).join("");
  const value = (depth) => {
    switch (pick(depth > 2 ? 4 : 7)) {
      case 4:
        return Array.from({ length: pick(4) }, () => value(depth + 1));
      case 5:
        return object(depth + 1);
      case 6:
        return [null, true, false, 0, -1.5, 1e21, 2 ** 53 - 1][pick(7)];
      default:
        return text();
    }
  };
  const object = (depth) =>
    Object.fromEntries(Array.from({ length: 1 + pick(4) }, (_, i) => [`${text()}${i}`, value(depth)]));
  for (let i = 0; i < count; i++) {
    const input = object(0);
    // As typed by a person, in the three ways that people and programs write JSON.
    yield [JSON.stringify(input), JSON.stringify(input, null, 2), ascii(input)][i % 3];
  }
}

/** JSON in which everything that is not ASCII is escaped. */
function ascii(value) {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Runs a script and answers its standard output. Nothing may come on standard error: curl shows progress there, so it is told not to. */
function run(shell, args, { input, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(
      shell,
      args,
      {
        timeout: 60_000,
        maxBuffer: 64 * 1024 * 1024,
        env: { PATH: process.env.PATH, HOME: "/nonexistent", LANG: "C.UTF-8", ...env },
      },
      (error, stdout, stderr) =>
        error ? reject(new Error(`${shell}: ${error.message}\n${stderr}`)) : resolve(stdout),
    );
    child.stdin.end(input ?? "");
  });
}

test("copied commands survive every input", { timeout: 15 * MINUTES }, async (t) => {
  const beckon = await serve(t);
  const panel = await beckon.panel();
  await panel.create("echo", "nodejs:default", ECHO);
  const echo = local("echo");
  const script = join(beckon.home.dir, "copied");
  assert.ok(SHELLS.includes("sh") && SHELLS.includes("bash"));

  const copy = async (source, token, mode = "result", form = "curl") => {
    const { text, variable } = await panel.call("copy_call", { source, form, mode, token, to: "page" });
    await writeFile(script, `${text}\n`);
    return { text, variable };
  };
  const same = (out, record, what) =>
    assert.deepEqual(
      JSON.parse(out),
      JSON.parse(record.result),
      `${what}\ninput: ${record.input}\nseed: ${SEED}`,
    );

  await t.test(`${INPUTS} hostile inputs of past runs in ${SHELLS.join(", ")}`, async () => {
    let number = 0;
    for (const input of hostile(SEED, INPUTS)) {
      const { activation } = await panel.call("invoke", {
        function: echo,
        input,
        mode: "blocking",
        rerunOf: null,
      });
      assert.equal(activation.status, "success");
      assert.deepEqual(JSON.parse(activation.result), { echo: JSON.parse(input) });
      const { text } = await copy({ type: "run", id: activation.id }, "real");
      for (const shell of SHELLS) {
        // Pasted (as one argument) and as a script file.
        const args = number % 2 === 0 ? ["-c", text] : [script];
        same(await run(shell, args), activation, `${shell} number ${number}\n${text}`);
      }
      number++;
    }
    assert.equal(number, INPUTS);
  });

  await t.test("inputs that begin with what curl reads as something else", async () => {
    for (const first of [
      "@/etc/passwd",
      "@-",
      "<file",
      "-d",
      "--",
      "name@/etc/passwd",
      "{}",
      "[1-9]",
      "\\",
      "'",
      "\n",
    ]) {
      const input = JSON.stringify({ [first]: first, text: first });
      const { activation } = await panel.call("invoke", {
        function: echo,
        input,
        mode: "blocking",
        rerunOf: null,
      });
      for (const source of [
        { type: "run", id: activation.id },
        { type: "function", function: echo, input },
      ]) {
        const { text } = await copy(source, "real");
        for (const shell of SHELLS) same(await run(shell, ["-c", text]), activation, `${shell}\n${text}`);
      }
    }
  });

  await t.test("pasted into an interactive bash, where ! has a meaning", async () => {
    const input = JSON.stringify({ text: 'Hi!! !echo !$ !1 it\'s "!"', "key!": "!" });
    const { activation } = await panel.call("invoke", {
      function: echo,
      input,
      mode: "blocking",
      rerunOf: null,
    });
    const { text } = await copy({ type: "run", id: activation.id }, "real");
    const out = await run("bash", ["--norc", "--noprofile", "-i"], {
      input: `set -H\necho before >/dev/null\n${text}\nexit\n`,
    });
    same(out, activation, text);
  });

  await t.test("an input longer than an argument can be", async () => {
    const input = JSON.stringify({ text: `it's\n$HOME\nJSON\n${"x'\\".repeat(100_000)}` }, null, 1);
    const { activation } = await panel.call("invoke", {
      function: echo,
      input,
      mode: "blocking",
      rerunOf: null,
    });
    assert.equal(activation.status, "success");
    await copy({ type: "run", id: activation.id }, "real");
    for (const shell of SHELLS) same(await run(shell, [script]), activation, shell);
  });

  await t.test("numbers keep their digits", async () => {
    const input = '{"big": 12345678901234567890123, "small": 1.000, "exponent": 1E400}';
    await panel.create(
      "digits",
      "shell:default",
      '#!/bin/sh\ninput=$(cat)\nprintf \'{"got": %s}\\n\' "$input"\n',
    );
    const { activation } = await panel.call("invoke", {
      function: local("digits"),
      input,
      mode: "blocking",
      rerunOf: null,
    });
    const { text } = await copy({ type: "run", id: activation.id }, "real");
    for (const out of [activation.result, await run("sh", ["-c", text])]) {
      for (const digits of ["12345678901234567890123", "1.000", "1E400"])
        assert.ok(out.includes(digits), out);
    }
  });

  await t.test("names with every sign that names may have", async () => {
    await ok(beckon.home, ["namespace", "create", "team & co.@home-1"]);
    for (const name of ["it is me@home", "a&b", "pack age/f.1-2", "%41".replace("%", "_")]) {
      await panel.create(name, "nodejs:default", ECHO, "team & co.@home-1");
      const there = local(name, "team & co.@home-1");
      const { activation } = await panel.invoke(there, { name });
      const { text } = await copy({ type: "run", id: activation.id }, "real");
      for (const shell of SHELLS) same(await run(shell, ["-c", text]), activation, `${shell}\n${text}`);
    }
  });

  await t.test("the three forms and the three modes", async () => {
    const { activation } = await panel.invoke(echo, { form: "any" });
    const source = { type: "run", id: activation.id };
    const { credential } = await panel.call("show_token", { function: echo });
    const bare = Buffer.from(credential).toString("base64");
    const secret = credential.split(":")[1];

    const masked = await copy(source, "masked");
    assert.ok(!masked.text.includes(secret) && !masked.text.includes(bare), "masked holds no secret");
    assert.ok(masked.text.includes(secret.slice(-4)), "and says which token it is");
    assert.match(await run("sh", ["-c", masked.text]), /authentication is invalid/);

    const env = await copy(source, "env");
    assert.match(env.variable, /^[A-Z_]+$/);
    assert.ok(
      !env.text.includes(secret) && !env.text.includes(bare) && env.text.includes(`$${env.variable}`),
    );
    for (const shell of SHELLS)
      same(await run(shell, ["-c", env.text], { env: { [env.variable]: credential } }), activation, shell);

    const whole = JSON.parse(await run("sh", ["-c", (await copy(source, "real", "blocking")).text]));
    assert.deepEqual(whole.response.result, JSON.parse(activation.result));
    assert.match(whole.activationId, /^[0-9a-f]{32}$/);

    const accepted = JSON.parse(await run("sh", ["-c", (await copy(source, "real", "non_blocking")).text]));
    assert.deepEqual(Object.keys(accepted), ["activationId"]);
  });

  await t.test("the same call as a program of Node and of Python", async () => {
    const { credential } = await panel.call("show_token", { function: echo });
    const programs = {
      npm: (text, env) => run(process.execPath, ["-e", text], { env: { NODE_PATH, ...env } }),
      python: (text, env) => run(PYTHON, ["-c", text], { env }),
    };
    const read = { npm: JSON.parse, python: (out) => JSON.parse(out.slice(out.indexOf(" "))) };
    const inputs = ["{}", '{"__proto__": {"a": [true, false, null]}, "true": "null"}', ...hostile(SEED + 1, 6)];
    for (const [form, start] of Object.entries(programs)) {
      for (const input of inputs) {
        const { activation } = await panel.call("invoke", {
          function: echo,
          input,
          mode: "blocking",
          rerunOf: null,
        });
        const source = { type: "run", id: activation.id };
        const { text } = await copy(source, "real", "result", form);
        assert.deepEqual(read[form](await start(text)), { echo: JSON.parse(input) }, `${form}\n${text}`);
      }
      const { activation } = await panel.invoke(echo, { form });
      const source = { type: "run", id: activation.id };
      const env = await copy(source, "env", "blocking", form);
      assert.ok(!env.text.includes(credential.split(":")[1]));
      const whole = read[form](await start(env.text, { [env.variable]: credential }));
      assert.deepEqual(whole.response.result, { echo: { form } });
      const recorded = read[form](await start((await copy(source, "real", "record", form)).text));
      assert.equal(recorded.activationId, activation.id);
      const listed = read[form](await start((await copy(source, "real", "list", form)).text));
      assert.ok(listed.length > 1 && listed.every((row) => row.name === "echo"));
      const later = read[form](await start((await copy(source, "real", "non_blocking", form)).text));
      assert.match(later.activationId, /^[0-9a-f]{32}$/);
    }
    const { activation } = await panel.invoke(echo, {});
    const source = { type: "run", id: activation.id };
    for (const mode of ["record", "list"]) {
      const { text } = await copy(source, "real", mode);
      const answer = JSON.parse(await run("sh", ["-c", text]));
      assert.equal((mode === "list" ? answer[0] : answer).activationId, activation.id);
    }
    const doctl = await copy(source, "real", "result", "doctl");
    assert.ok(!doctl.text.includes(credential.split(":")[1]), "doctl has its own credentials");
    assert.match(doctl.text, /^export DIGITALOCEAN_API_URL=http:[^ ]*\ndoctl serverless connect playground\n/);
  });

  await t.test("what cannot be copied says why", async () => {
    assert.equal(
      (
        await panel.refused("copy_call", {
          form: "curl",
          source: { type: "run", id: "0".repeat(32) },
          mode: "result",
          token: "real",
          to: "page",
        })
      ).code,
      "not_found",
    );
    assert.equal(
      (
        await panel.refused("copy_call", {
          form: "curl",
          source: { type: "function", function: echo, input: "{" },
          mode: "result",
          token: "real",
          to: "page",
        })
      ).code,
      "invalid_input",
    );
    const { activation } = await panel.invoke(echo, {});
    const clipboard = await panel.refused("copy_call", {
          form: "curl",
      source: { type: "run", id: activation.id },
      mode: "result",
      token: "real",
      to: "clipboard",
    });
    assert.equal(clipboard.code, "not_supported", "this host has no clipboard; the page has");
  });
});
