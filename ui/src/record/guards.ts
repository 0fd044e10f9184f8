import type { Guard } from "@/platform";

/** Every guard, in the order that it is shown, and what it keeps. */
export const GUARDS: Record<Guard, { title: string; meaning: string }> = {
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
    meaning: "No Unix socket of another program can be reached: the desktop's bus, the container engine.",
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
