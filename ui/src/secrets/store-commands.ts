import type { QueryClient } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api, type SecretStoreState } from "@/platform";

async function keep(client: QueryClient, reply: Promise<SecretStoreState>): Promise<void> {
  client.setQueryData(keys.secretStore, await reply);
  // What failed for want of a secret may work now. Not waited for: a remote system may take its time.
  void client.invalidateQueries();
}

export function makeSecretFile(client: QueryClient, passphrase: string): Promise<void> {
  // biome-ignore lint/correctness/useHookAtTopLevel: a command that is named like a hook
  return keep(client, api.useSecretFile({ passphrase }));
}

export function unlockSecretFile(client: QueryClient, passphrase: string): Promise<void> {
  return keep(client, api.unlockSecretFile({ passphrase }));
}

export function tryKeychain(client: QueryClient): Promise<void> {
  // biome-ignore lint/correctness/useHookAtTopLevel: a command that is named like a hook
  return keep(client, api.useKeychain());
}
