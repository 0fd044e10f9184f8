import { CloudDownload, CloudOff, KeyRound, MoreHorizontal, Pencil, RotateCw, Trash2 } from "lucide-react";
import { ENVIRONMENT, EnvironmentMark } from "@/app/environment";
import { CONNECTION_KIND } from "@/app/kinds";
import type { Connection } from "@/platform";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { TimeText } from "@/ui/TimeText";
import { ConnectionFailure } from "./ConnectionFailure";
import { ConnectionStateText } from "./ConnectionStateText";
import { hostText } from "./host-text";
import { KeyLine } from "./KeyLine";
import { NextLook } from "./NextLook";
import { useConnectionActions } from "./useConnectionActions";

interface ConnectionRowProps {
  connection: Connection;
  onEdit: () => void;
  onKeys: () => void;
  onRemove: () => void;
  /** Where the namespace is one of a known account. */
  onDeleteNamespace?: () => void;
}

const NO_RECORDS = "This system keeps no records of runs. Those that are asked for here are in the log.";

export function ConnectionRow(props: ConnectionRowProps) {
  const { connection, onEdit, onKeys, onRemove, onDeleteNamespace } = props;
  const { name, kind, environment, apiHost, keyHint, lastSync, state, looks } = connection;
  const { check, sync, added } = useConnectionActions(connection);
  const remote = kind !== "local";
  const { records } = connection.capabilities;
  const production = environment === "production";
  const notRead = sync.error ?? looks?.error ?? null;

  return (
    <>
      <tr data-testid="connection-row" className="[&>td]:py-2">
        <td className="relative">
          <span
            className={cx(
              "absolute inset-y-0 left-0",
              ENVIRONMENT[environment].line,
              production ? "w-1.5" : "w-1",
            )}
            aria-hidden
          />
          <p className="flex items-center gap-2">
            <span className="font-medium whitespace-nowrap">{name}</span>
            <EnvironmentMark environment={environment} />
          </p>
          <p className="text-sm text-subtle">{CONNECTION_KIND[kind]}</p>
        </td>
        <td>
          <p className="flex min-w-46 items-center gap-1">
            <span className="font-mono text-sm wrap-anywhere">
              {apiHost === "" ? "Not served" : hostText(apiHost)}
            </span>
            {apiHost !== "" && <CopyButton text={apiHost} label="Copy API host" />}
          </p>
          {keyHint !== "" && <KeyLine connection={connection} />}
        </td>
        <td>
          <ConnectionStateText connection={connection} checking={check.busy} />
          {state.state === "connected" && state.server && (
            <p className="text-sm text-subtle">{state.server}</p>
          )}
        </td>
        <td className="whitespace-nowrap max-[1000px]:hidden">
          <p>
            {!records || lastSync === null ? (
              <span className="text-subtle" title={records ? undefined : NO_RECORDS}>
                {!remote ? "–" : records ? "Not yet" : "Keeps none"}
              </span>
            ) : (
              <TimeText at={lastSync} />
            )}
          </p>
          <NextLook looks={looks ?? null} />
          {added !== null && (
            <p role="status" className="text-sm text-muted">
              {added === 0 ? "Nothing new" : added === 1 ? "1 new record" : `${added} new records`}
            </p>
          )}
        </td>
        <td>
          {remote && (
            <div className="flex items-center justify-end gap-1">
              {/* Where there is little room they are in the menu only. */}
              <Button
                size="sm"
                className="max-[1120px]:hidden"
                busy={check.busy}
                onClick={() => void check.run()}
                aria-label={`Check now: ${name}`}
              >
                Check now
              </Button>
              {records && (
                <Button
                  size="sm"
                  className="max-[1120px]:hidden"
                  busy={sync.busy}
                  onClick={() => void sync.run()}
                  aria-label={`Sync now: ${name}`}
                >
                  Sync now
                </Button>
              )}
              <Menu
                align="end"
                label={`Actions for ${name}`}
                trigger={
                  <IconButton label={`Actions for ${name}`} icon={<MoreHorizontal size={15} aria-hidden />} />
                }
                items={[
                  {
                    label: "Check now",
                    icon: <RotateCw size={14} aria-hidden />,
                    onSelect: () => void check.run(),
                  },
                  ...(records
                    ? [
                        {
                          label: "Sync now",
                          icon: <CloudDownload size={14} aria-hidden />,
                          onSelect: () => void sync.run(),
                        },
                      ]
                    : []),
                  "separator",
                  { label: "Edit…", icon: <Pencil size={14} aria-hidden />, onSelect: onEdit },
                  ...(kind === "digitalocean"
                    ? [
                        {
                          label: "Access keys…",
                          icon: <KeyRound size={14} aria-hidden />,
                          onSelect: onKeys,
                        },
                      ]
                    : []),
                  "separator",
                  {
                    label: "Remove…",
                    icon: <Trash2 size={14} aria-hidden />,
                    danger: true,
                    onSelect: onRemove,
                  },
                  ...(onDeleteNamespace
                    ? [
                        {
                          label: "Delete namespace…",
                          icon: <CloudOff size={14} aria-hidden />,
                          danger: true,
                          onSelect: onDeleteNamespace,
                        },
                      ]
                    : []),
                ]}
              />
            </div>
          )}
        </td>
      </tr>
      {state.state === "failing" && (
        <tr className="border-t-0! hover:bg-transparent!">
          <td colSpan={5} className="relative pb-3">
            <span
              className={cx(
                "absolute inset-y-0 left-0",
                ENVIRONMENT[environment].line,
                production ? "w-1.5" : "w-1",
              )}
              aria-hidden
            />
            <ConnectionFailure
              name={name}
              error={state.error}
              checking={check.busy}
              onCheck={() => void check.run()}
              onEdit={onEdit}
            />
          </td>
        </tr>
      )}
      {/* What reading the runs says beyond the state above; a failing check is that state. */}
      {notRead !== null && state.state !== "failing" && (
        <tr className="border-t-0! hover:bg-transparent!">
          <td colSpan={5} className="pb-3">
            <ConnectionFailure
              name={name}
              error={notRead}
              checking={sync.busy}
              onCheck={() => void sync.run()}
              onEdit={onEdit}
            />
          </td>
        </tr>
      )}
    </>
  );
}
