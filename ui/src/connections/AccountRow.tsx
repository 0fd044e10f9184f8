import { CircleUserRound, FolderPlus, KeyRound, MoreHorizontal, Plus, Trash2 } from "lucide-react";
import { useShell } from "@/app/ui-state";
import type { Account } from "@/platform";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { hostText } from "./host-text";

interface AccountRowProps {
  account: Account;
  empty: boolean;
  onNewNamespace: () => void;
  onReplaceToken: () => void;
  onRemove: () => void;
}

/** The heading of an account's connections. */
export function AccountRow({ account, empty, onNewNamespace, onReplaceToken, onRemove }: AccountRowProps) {
  const show = useShell((shell) => shell.show);
  const { name, baseUrl, hint, tokenKept } = account;
  return (
    <tr data-testid="account-row" className="bg-inset hover:bg-inset!">
      <th colSpan={5} scope="colgroup" className="h-10! pr-6! text-base! text-fg!">
        <div className="flex items-center gap-3">
          <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2">
            <CircleUserRound size={15} className="shrink-0 text-subtle" aria-hidden />
            <span className="font-medium break-all">{name}</span>
            <span className="text-sm text-muted">
              {!baseUrl.endsWith(`//${name}`) && `${hostText(baseUrl)} · `}
              {tokenKept ? (
                <>
                  token <span className="font-mono">…{hint}</span>
                </>
              ) : (
                "token not kept: its keys are not renewed"
              )}
              {empty && " · no namespace is connected"}
            </span>
          </span>
          <span className="flex shrink-0 items-center gap-1">
            {empty && tokenKept && (
              <Button
                size="sm"
                icon={<FolderPlus size={13} aria-hidden />}
                aria-label={`New namespace in ${name}`}
                onClick={onNewNamespace}
              >
                New namespace
              </Button>
            )}
            <Button
              size="sm"
              icon={<Plus size={13} aria-hidden />}
              aria-label={`Connect namespaces of ${name}`}
              onClick={() =>
                show({ type: "add-connection", way: "token", account: tokenKept ? account : undefined })
              }
            >
              Connect namespaces
            </Button>
            <Menu
              align="end"
              label={`Actions for account ${name}`}
              trigger={
                <IconButton
                  label={`Actions for account ${name}`}
                  icon={<MoreHorizontal size={15} aria-hidden />}
                />
              }
              items={[
                {
                  label: "New namespace…",
                  icon: <FolderPlus size={14} aria-hidden />,
                  disabled: !tokenKept,
                  note: tokenKept ? undefined : "Needs the account’s token, which is not kept",
                  onSelect: onNewNamespace,
                },
                {
                  label: tokenKept ? "Replace token…" : "Add token…",
                  icon: <KeyRound size={14} aria-hidden />,
                  onSelect: onReplaceToken,
                },
                "separator",
                {
                  label: "Remove account…",
                  icon: <Trash2 size={14} aria-hidden />,
                  danger: true,
                  onSelect: onRemove,
                },
              ]}
            />
          </span>
        </div>
      </th>
    </tr>
  );
}
