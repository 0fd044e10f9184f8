import { api, type CopyForm, type CopyMode, type CopySource, type CopyToken, copyText } from "@/platform";

export interface Copied {
  /** The variable that has to be set before the text is run. */
  variable: string | null;
}

/**
 * Puts the command on the clipboard. Where the host has a clipboard the text never comes to this page; otherwise it
 * passes through, from the answer to the clipboard, and is kept nowhere.
 */
export async function copyCommand(
  source: CopySource,
  form: CopyForm,
  mode: CopyMode,
  token: CopyToken,
  hostClipboard: boolean,
): Promise<Copied> {
  const reply = await api.copyCall({ source, form, mode, token, to: hostClipboard ? "clipboard" : "page" });
  if (!hostClipboard && reply.text !== null) await copyText(reply.text);
  return { variable: reply.variable };
}

/** What a text is called that was copied. */
export const FORM_WORDS: Record<CopyForm, string> = {
  curl: "curl",
  doctl: "doctl command",
  wsk: "wsk command",
  npm: "Node program",
  python: "Python program",
  faas_cli: "faas-cli command",
};

export const TOKEN_WORDS: Record<CopyToken, string> = {
  masked: "token masked",
  env: "token as a variable",
  real: "real token",
};
