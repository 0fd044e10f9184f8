const TOKEN = /\bdo[op]_v1_[\w-]+/;

/** The API token of a DigitalOcean account in a pasted text. It is no namespace's key, which begins with `dof_v1_`. */
export function accountTokenIn(text: string): string | null {
  return TOKEN.exec(text)?.[0] ?? null;
}
