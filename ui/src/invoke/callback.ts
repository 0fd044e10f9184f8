import { api, type CallbackChoice, type FunctionRef } from "@/platform";
import type { RequestForm } from "./request";

/** The URL that a choice stands for, and the choice to keep: an inbox is made once. */
export async function resolveCallback(
  choice: CallbackChoice,
  f: FunctionRef,
): Promise<{ url?: string; kept: CallbackChoice }> {
  switch (choice.to) {
    case "nobody":
      return { kept: choice };
    case "url":
      return choice.url.trim() === "" ? { kept: choice } : { url: choice.url.trim(), kept: choice };
    case "new": {
      const { id, url } = await api.createInbox({ label: `Callbacks of ${f.name}` });
      return { url: url ?? undefined, kept: { to: "inbox", id } };
    }
    case "inbox": {
      const found = (await api.inboxes()).find(({ id }) => id === choice.id);
      // One that was deleted since is nobody.
      return found?.url == null ? { kept: { to: "nobody" } } : { url: found.url, kept: choice };
    }
  }
}

/** The URLs that a request itself asks to be called back at. */
export function callbackUrlsOf({ headers }: RequestForm): string[] {
  return headers.filter(({ name }) => /^x-callback-url$/i.test(name.trim())).map(({ value }) => value);
}

/** Whether a URL, perhaps half typed, has a place where credentials are put: before an `@`, or in a query. */
export function mayTell(url: string): boolean {
  return /\?|^[^/?#]*\/\/[^/?#]*@/.test(url.trim());
}
