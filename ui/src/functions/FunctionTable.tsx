import { Link } from "@tanstack/react-router";
import { Play, SquareFunction } from "lucide-react";
import { kindTitle } from "@/app/kinds";
import type { Capabilities, FunctionSummary } from "@/platform";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { limitsText } from "./limits";
import { ReadyBadge } from "./ReadyBadge";
import { WebBadge } from "./WebBadge";

interface FunctionTableProps {
  connection: string;
  /** What its system has: the table shows no more. */
  has: Capabilities;
  functions: readonly FunctionSummary[];
}

export function FunctionTable({ connection, has, functions }: FunctionTableProps) {
  const sorted = [...functions].sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Table>
      <thead>
        <tr>
          <th>Name</th>
          <th>{has.deployments ? "Image" : "Runtime"}</th>
          {has.versions ? (
            <>
              <th>REST API</th>
              <th className="max-lg:hidden">Limits</th>
              <th>Version</th>
            </>
          ) : (
            <th>State</th>
          )}
          <th>Updated</th>
          <th>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((f) => {
          const params = { connection, namespace: f.namespace, _splat: f.name };
          return (
            <tr key={f.name}>
              <td>
                <Link
                  to="/c/$connection/ns/$namespace/fn/$"
                  params={params}
                  className="inline-flex min-h-6 items-center gap-2 rounded-sm font-medium hover:underline"
                >
                  <SquareFunction size={14} className="shrink-0 text-subtle" aria-hidden />
                  {f.name}
                </Link>
              </td>
              {has.deployments ? (
                <td className="max-w-80 truncate font-mono text-sm" title={f.imageName ?? undefined}>
                  {f.imageName}
                </td>
              ) : (
                <td className="whitespace-nowrap">{kindTitle(f.kind)}</td>
              )}
              {has.versions ? (
                <>
                  <td>
                    <WebBadge web={f.web} />
                  </td>
                  <td className="whitespace-nowrap text-muted max-lg:hidden">{limitsText(f.limits)}</td>
                  <td className="font-mono text-sm">{f.version}</td>
                </>
              ) : (
                <td>{f.readiness && <ReadyBadge readiness={f.readiness} />}</td>
              )}
              <td>
                {f.updated === 0 ? <span className="text-subtle">–</span> : <TimeText at={f.updated} />}
              </td>
              <td className="text-right">
                <Link
                  to="/c/$connection/ns/$namespace/fn/$"
                  params={params}
                  search={{ tab: "invoke" }}
                  aria-label={`Invoke ${f.name}`}
                  className="inline-flex h-6 items-center gap-1 rounded-md border border-line-strong/60 bg-surface px-2 text-sm font-medium hover:bg-hover"
                >
                  <Play size={12} aria-hidden />
                  Invoke
                </Link>
              </td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
