import { Link } from "@tanstack/react-router";
import { Play, SquareFunction } from "lucide-react";
import { kindTitle } from "@/app/kinds";
import type { FunctionSummary } from "@/platform";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { limitsText } from "./limits";
import { WebBadge } from "./WebBadge";

export function FunctionTable({
  connection,
  functions,
}: {
  connection: string;
  functions: readonly FunctionSummary[];
}) {
  const sorted = [...functions].sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Runtime</th>
          <th>REST API</th>
          <th className="max-lg:hidden">Limits</th>
          <th>Version</th>
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
              <td className="whitespace-nowrap">{kindTitle(f.kind)}</td>
              <td>
                <WebBadge web={f.web} />
              </td>
              <td className="whitespace-nowrap text-muted max-lg:hidden">{limitsText(f.limits)}</td>
              <td className="font-mono text-sm">{f.version}</td>
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
