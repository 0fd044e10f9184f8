// Who is running, read from /proc. A process is known by its id and its start time, because ids are used again.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Every live process: `{ pid, parent, group, start }`. Ended ones that nobody has waited for yet do not count. */
export function all() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(stat)
    .filter((process) => process && process.state !== "Z" && process.state !== "X");
}

function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (!text) return undefined;
  // The second field is the program's name in brackets, and may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid: Number(pid),
    state: fields[0],
    parent: Number(fields[1]),
    group: Number(fields[2]),
    start: fields[19],
  };
}

/** The processes below `pid`, and their children. */
export function descendants(pid) {
  const everyone = all();
  const found = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = everyone.filter((process) => parents.has(process.parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Those of `processes` that still run. */
export function stillRunning(processes) {
  const now = new Map(all().map((process) => [process.pid, process.start]));
  return processes.filter((process) => now.get(process.pid) === process.start);
}

/** Processes that work in a directory, or name it in their arguments or environment. */
export function mentioning(path) {
  return all().filter(({ pid }) => {
    if (pid === process.pid) return false;
    return [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`), link(`/proc/${pid}/cwd`)].some(
      (text) => text.includes(path),
    );
  });
}

/** For messages. */
export function describe(processes) {
  return processes
    .map(({ pid }) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()}`)
    .join("\n");
}

function read(path) {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function link(path) {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
