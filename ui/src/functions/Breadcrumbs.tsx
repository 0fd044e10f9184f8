import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { EnvironmentMark } from "@/app/environment";
import type { Connection } from "@/platform";

export function Breadcrumbs({
  connection,
  namespace,
}: {
  connection: Connection | undefined;
  namespace?: string;
}) {
  if (!connection) return <div className="h-6" />;
  return (
    <nav aria-label="Breadcrumb" className="flex h-6 items-center gap-1 text-sm text-muted">
      {connection.environment !== "local" && (
        <EnvironmentMark environment={connection.environment} className="mr-1" />
      )}
      <span>{connection.name}</span>
      {namespace !== undefined && (
        <>
          <ChevronRight size={12} aria-hidden className="text-subtle" />
          <Link
            to="/c/$connection/ns/$namespace"
            params={{ connection: connection.id, namespace }}
            className="inline-flex min-h-6 items-center rounded-sm hover:text-fg hover:underline"
          >
            {namespace}
          </Link>
        </>
      )}
    </nav>
  );
}
