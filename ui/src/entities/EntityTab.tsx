import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Entities } from "@/platform";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";

interface EntityTabProps {
  query: UseQueryResult<Entities>;
  children: (entities: Entities) => ReactNode;
}

/** What every one of the tabs does until there is something to show. */
export function EntityTab({ query, children }: EntityTabProps) {
  if (query.data) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton rows={6} className="px-6 pt-4" />;
}
