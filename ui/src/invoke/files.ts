import { fromBase64, toBase64 } from "@/ui/base64";

/** A file that was chosen. Drafts keep this much of it: its bytes stay in the page, and are chosen again later. */
export interface FileRef {
  id: string;
  name: string;
  /** Its media type; empty where nobody knows. */
  type: string;
  size: number;
}

/** By id, as base64: the form that bodies are sent in. */
const contents = new Map<string, string>();

export async function keepFile(file: File): Promise<FileRef> {
  const base64 = toBase64(new Uint8Array(await file.arrayBuffer()));
  const id = crypto.randomUUID();
  contents.set(id, base64);
  return { id, name: file.name, type: file.type, size: file.size };
}

/** Lets go of a file that is not wanted any more. */
export function dropFile(file: FileRef | undefined): void {
  if (file) contents.delete(file.id);
}

/** The file's bytes as base64; undefined where it has to be chosen again. */
export function fileBase64({ id }: FileRef): string | undefined {
  return contents.get(id);
}

export function fileBytes(file: FileRef): Uint8Array | undefined {
  return fromBase64(fileBase64(file) ?? "") ?? undefined;
}

export function isFileRef(value: unknown): value is FileRef {
  const { id, name, type, size } = (value ?? {}) as Record<string, unknown>;
  return [id, name, type].every((each) => typeof each === "string") && typeof size === "number";
}
