import type { Guard } from "@/platform";

interface GuardWords {
  title: string;
  /** What it keeps; empty where this page does not know. */
  meaning: string;
}

/** Every guard, in the order that it is shown, and what it keeps. */
const GUARDS: Record<Guard, GuardWords> = {
  session: {
    title: "Process group",
    meaning: "A process group of its own, ended as a whole, and no terminal.",
  },
  environment: { title: "Environment", meaning: "Nothing of Beckon's environment is inherited." },
  no_new_privileges: { title: "Privileges", meaning: "No privileges can be gained." },
  files: {
    title: "Files",
    meaning:
      "Only the code, the interpreter and the scratch folder can be read; only the last can be written.",
  },
  signals: { title: "Signals", meaning: "No other process can be signalled." },
  sockets: {
    title: "Sockets",
    meaning:
      "No Unix socket of another program can be reached: the desktop's bus, the container engine. One exception: functions of Fn, unless they are told to have no network.",
  },
  processes: { title: "Processes", meaning: "The number of processes and threads is bounded." },
  file_size: { title: "File sizes", meaning: "The size of files and the number of open ones are bounded." },
  disk: { title: "Disk", meaning: "What the scratch folder may hold is bounded." },
  memory: { title: "Memory", meaning: "Memory is bounded, and going over it is recorded as that." },
  network: { title: "Network", meaning: "No network, where the function is told to have none." },
  secrets: {
    title: "Secrets",
    meaning: "Secrets are files in memory that no other process sees, where the function names any.",
  },
};

export const ALL_GUARDS = Object.keys(GUARDS) as Guard[];

/** The words for a guard. A panel that is newer than this page may name one that is not known here: its name has to do. */
export function guardWords(guard: string): GuardWords {
  if (Object.hasOwn(GUARDS, guard)) return GUARDS[guard as Guard];
  const title = guard.replaceAll("_", " ");
  return { title: title.charAt(0).toUpperCase() + title.slice(1), meaning: "" };
}
