import type { ConnectionKind, Language } from "@/platform";
import type { EditorLanguage } from "@/ui/editor/languages";

export const CONNECTION_KIND: Record<ConnectionKind, string> = {
  local: "Local engine",
  openwhisk: "OpenWhisk",
  digitalocean: "DigitalOcean Functions",
  openfaas: "OpenFaaS",
  spaces: "Spaces",
};

/** The editor's language for a function's; kinds that Beckon does not run are told by their family. */
export function editorLanguage(language: Language | null, kind: string): EditorLanguage {
  if (language === "node" || kind.startsWith("nodejs")) return "javascript";
  if (language === "python" || kind.startsWith("python")) return "python";
  if (language === "executable" || kind.startsWith("shell")) return "shell";
  return "text";
}

/** `nodejs:20` as `Node.js 20`. */
export function kindTitle(kind: string): string {
  const [family = "", version = ""] = kind.split(":");
  const known: Record<string, string> = {
    nodejs: "Node.js",
    python: "Python",
    shell: "Shell",
    native: "Executable",
    go: "Go",
    php: "PHP",
    java: "Java",
    ruby: "Ruby",
    swift: "Swift",
    rust: "Rust",
    sequence: "Sequence",
    trigger: "Trigger",
    blackbox: "Container",
    image: "Container",
  };
  const title = known[family] ?? (family === "" ? "Unknown" : family);
  return version === "" || version === "default" ? title : `${title} ${version}`;
}
