// What a test made is taken away again, last first, whatever became of the test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cleanups = new WeakMap();

/** Runs `clean` after the test `t`, before everything that was deferred earlier. */
export function defer(t, clean) {
  let list = cleanups.get(t);
  if (!list) {
    list = [];
    cleanups.set(t, list);
    t.after(() => runAll(list));
  }
  list.push(clean);
}

async function runAll(list) {
  const errors = [];
  while (list.length > 0) {
    try {
      await list.pop()();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(String).join("\n"));
}

/** A directory of the test's own. */
export async function directory(t, name = "beckon") {
  const path = await mkdtemp(join(tmpdir(), `${name}-journey-`));
  // A program that was just killed may still write its last bytes.
  defer(t, () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return path;
}

/** The steps of one journey. Each stands on those before it: after one that failed, the others are not tried. */
export function steps(t) {
  let failed;
  return (name, work) =>
    t.test(name, async (step) => {
      if (failed) return step.skip(`"${failed}" failed`);
      try {
        await work(step);
      } catch (error) {
        failed = name;
        throw error;
      }
    });
}

/** Waits until `look` answers something truthy, and answers that. */
export async function until(what, look, { within = 60_000, every = 50 } = {}) {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end)
      throw new Error(`gave up waiting for ${what}${last ? `: ${last.message}` : ""}`, { cause: last });
    await pause(every);
  }
}

/** A promise that gives up: for what should have happened long ago. */
export async function soon(what, promise, within = 60_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up waiting for ${what} after ${within} ms`)), within);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
