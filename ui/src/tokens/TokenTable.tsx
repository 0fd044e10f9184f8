import { Ban, Box, Boxes, CircleX, Clock, KeyRound, SquareFunction, Trash2 } from "lucide-react";
import type { Token } from "@/platform";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Table } from "@/ui/Table";
import { TimeText, useNow } from "@/ui/TimeText";
import { Tooltip } from "@/ui/Tooltip";
import { kindOf } from "./token-form";
import { activeFirst, scopeText, type TokenState, tokenState } from "./token-state";

const SCOPES = {
  namespace: { icon: Box, word: "Namespace" },
  function: { icon: SquareFunction, word: "Function" },
  account: { icon: Boxes, word: "" },
} as const;

interface TokenTableProps {
  tokens: readonly Token[];
  onRevoke: (token: Token) => void;
  onForget: (token: Token) => void;
}

export function TokenTable({ tokens, onRevoke, onForget }: TokenTableProps) {
  const now = useNow();
  return (
    <Table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Reaches</th>
          <th>Token</th>
          <th>Created</th>
          <th>Last used</th>
          <th>Expires</th>
          <th>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {activeFirst(tokens, now).map((token) => (
          <TokenRow
            key={token.id}
            token={token}
            state={tokenState(token, now)}
            onRevoke={onRevoke}
            onForget={onForget}
          />
        ))}
      </tbody>
    </Table>
  );
}

interface TokenRowProps extends Pick<TokenTableProps, "onRevoke" | "onForget"> {
  token: Token;
  state: TokenState;
}

function TokenRow({ token, state, onRevoke, onForget }: TokenRowProps) {
  const { name, kind, scope, hint, created, lastUsed, kept } = token;
  const { icon: Icon, word } = SCOPES[scope.type];
  return (
    <tr data-testid="token-row" className={cx(!state.active && "text-muted")}>
      <td className={cx("max-w-64 break-words", state.active && "font-medium")}>{name}</td>
      <td>
        <span className="flex items-center gap-1.5">
          <Icon size={14} className="shrink-0 text-subtle" aria-hidden />
          {word !== "" && <span className="sr-only">{word}</span>}
          <span className="break-all">{scopeText(scope)}</span>
        </span>
      </td>
      <td>
        <span className="flex items-center gap-2">
          <span className="font-mono text-sm">…{hint}</span>
          {kind !== "openwhisk" && <span className="text-sm text-subtle">{kindOf(kind).label}</span>}
          {kept && state.active && (
            <Tooltip text="Kept in the secret store, so that Show token and Copy curl can use it">
              <span className="inline-flex items-center gap-1 text-sm text-subtle">
                <KeyRound size={13} aria-hidden />
                kept
              </span>
            </Tooltip>
          )}
        </span>
      </td>
      <td className="whitespace-nowrap">
        <TimeText at={created} />
      </td>
      <td className="whitespace-nowrap">
        {lastUsed === null ? <span className="text-subtle">Never</span> : <TimeText at={lastUsed} />}
      </td>
      <td className="whitespace-nowrap">
        <Expiry state={state} />
      </td>
      <td className="text-right">
        {state.active ? (
          <Button
            size="sm"
            variant="danger-quiet"
            icon={<Ban size={13} aria-hidden />}
            onClick={() => onRevoke(token)}
            aria-label={`Revoke ${name}`}
          >
            Revoke
          </Button>
        ) : (
          <Button
            size="sm"
            icon={<Trash2 size={13} aria-hidden />}
            onClick={() => onForget(token)}
            aria-label={`Remove ${name} from the list`}
          >
            Remove
          </Button>
        )}
      </td>
    </tr>
  );
}

function Expiry({ state }: { state: TokenState }) {
  if (!state.active) {
    return (
      <span className="flex items-center gap-2">
        <Badge icon={<CircleX size={13} aria-hidden />}>{state.word}</Badge>
        {state.at !== null && <TimeText at={state.at} className="text-sm text-subtle" />}
      </span>
    );
  }
  if (state.at === null) return <span className="text-subtle">{state.word}</span>;
  const time = <TimeText at={state.at} />;
  return state.tone === "warn" ? (
    <Badge tone="warn" icon={<Clock size={13} aria-hidden />}>
      {time}
    </Badge>
  ) : (
    time
  );
}
