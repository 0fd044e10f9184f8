import { MoreHorizontal, Trash2 } from "lucide-react";
import { kindTitle } from "@/app/kinds";
import { useShell } from "@/app/ui-state";
import type { Connection, FunctionDetail, FunctionRef } from "@/platform";
import { Badge } from "@/ui/Badge";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { Breadcrumbs } from "./Breadcrumbs";
import { limitsText } from "./limits";
import { ReadyBadge } from "./ReadyBadge";
import { WebBadge } from "./WebBadge";

interface FunctionHeaderProps {
  target: FunctionRef;
  detail: FunctionDetail;
  connection: Connection | undefined;
}

export function FunctionHeader({ target, detail, connection }: FunctionHeaderProps) {
  const show = useShell((shell) => shell.show);
  const { code, settings, deployment } = detail.edits;
  // A system without versions says nothing of limits and web access, either.
  const versions = connection?.capabilities.versions !== false;
  return (
    <header className="flex shrink-0 items-end gap-4 px-6 pt-3 pb-2">
      <div className="min-w-0 flex-1">
        <Breadcrumbs connection={connection} namespace={target.namespace} />
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="truncate text-xl font-semibold">{target.name}</h1>
          <span className="flex flex-wrap items-center gap-1.5">
            <Badge>{kindTitle(detail.kind)}</Badge>
            {detail.readiness && <ReadyBadge readiness={detail.readiness} />}
            {versions && (
              <>
                <Badge title="Version">{detail.version}</Badge>
                <WebBadge web={detail.web} functionUrl={detail.functionUrl} />
                <span className="px-1 text-sm text-subtle" title="Longest run and memory">
                  {limitsText(detail.limits)}
                </span>
              </>
            )}
            {!code && !settings && !deployment && <Badge>Read-only</Badge>}
          </span>
        </div>
      </div>
      {(settings || deployment) && (
        <Menu
          align="end"
          label="Actions for the function"
          trigger={
            <IconButton label="Actions for the function" icon={<MoreHorizontal size={16} aria-hidden />} />
          }
          items={[
            {
              label: "Delete…",
              icon: <Trash2 size={14} aria-hidden />,
              danger: true,
              onSelect: () => show({ type: "delete-function", function: target }),
            },
          ]}
        />
      )}
    </header>
  );
}
