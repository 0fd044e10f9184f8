import type { Connection } from "@/platform";

/** A key that ends within this is worth a warning, where nobody renews it. */
const SOON = 3 * 86_400_000;

/** How long a connection's key lasts, as far as Beckon knows. */
export function keyEnd(
  { keyExpires, keyRenews }: Pick<Connection, "keyExpires" | "keyRenews">,
  now: number,
): { state: "renewed" | "lasts" | "soon" | "ended"; at: number } | null {
  if (keyExpires === null) return null;
  if (keyRenews) return { state: "renewed", at: keyExpires };
  if (keyExpires <= now) return { state: "ended", at: keyExpires };
  return { state: keyExpires - now < SOON ? "soon" : "lasts", at: keyExpires };
}

export interface Group<A> {
  /** Null for connections that were made by hand. */
  account: A | null;
  connections: Connection[];
}

/** The connections, those of an account behind it; an account without one is there too. */
export function byAccount<A extends { id: string }>(
  connections: readonly Connection[],
  accounts: readonly A[],
): Group<A>[] {
  const of = (account: A) => connections.filter((connection) => connection.account === account.id);
  const others = connections.filter(({ account }) => !accounts.some(({ id }) => id === account));
  return [
    { account: null, connections: others },
    ...accounts.map((account) => ({ account, connections: of(account) })),
  ];
}
