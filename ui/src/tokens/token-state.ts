import type { Token, TokenScope } from "@/platform";
import type { Tone } from "@/ui/Badge";
import { formatRelative } from "@/ui/format";

export interface TokenState {
  /** Whether the gateway still accepts it. */
  active: boolean;
  word: string;
  /** When it ended or ends. */
  at: number | null;
  tone: Tone;
}

const SOON = 72 * 3_600_000;

export function tokenState(token: Token, now: number): TokenState {
  if (token.revoked !== null) return { active: false, word: "Revoked", at: token.revoked, tone: "neutral" };
  if (token.expires === null) return { active: true, word: "Never", at: null, tone: "neutral" };
  if (token.expires <= now) return { active: false, word: "Expired", at: token.expires, tone: "neutral" };
  const text = formatRelative(token.expires, now);
  return {
    active: true,
    word: text === "just now" ? "in a moment" : text,
    at: token.expires,
    tone: token.expires - now < SOON ? "warn" : "neutral",
  };
}

/** Those that work first; within each group as the panel orders them, newest first. */
export function activeFirst(tokens: readonly Token[], now: number): Token[] {
  const [active, ended]: [Token[], Token[]] = [[], []];
  for (const token of tokens) (tokenState(token, now).active ? active : ended).push(token);
  return [...active, ...ended];
}

export function scopeText(scope: TokenScope): string {
  if (scope.type === "account") return "every namespace";
  return scope.type === "namespace" ? scope.namespace : `${scope.namespace}/${scope.name}`;
}
