import { Navigate, useRouterState } from "@tanstack/react-router";
import { Plus, SquareFunction } from "lucide-react";
import { useOverview } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";

/** `/`: straight to the function run last, or the first example, ready to run. */
export function FirstPage() {
  const overview = useOverview();
  const show = useShell((shell) => shell.show);
  // This page stays until the next one's code is here; whoever is on the way there already is not called back.
  const leaving = useRouterState({ select: ({ location }) => location.pathname !== "/" });
  if (overview.data?.firstFunction && !leaving) {
    const { connection, namespace, name } = overview.data.firstFunction;
    return (
      <Navigate
        to="/c/$connection/ns/$namespace/fn/$"
        params={{ connection, namespace, _splat: name }}
        search={{ tab: "invoke" }}
        replace
      />
    );
  }
  if (overview.isError)
    return <ErrorState page error={overview.error} onRetry={() => void overview.refetch()} />;
  if (overview.isPending || leaving) return <Skeleton className="p-6" />;
  return (
    <EmptyState
      page
      icon={<SquareFunction size={24} aria-hidden />}
      title="There is no function yet"
      action={
        <Button
          variant="primary"
          icon={<Plus size={14} aria-hidden />}
          onClick={() => show({ type: "new-function", connection: "local" })}
        >
          New function
        </Button>
      }
    >
      Create one from a template; it runs on this machine at once.
    </EmptyState>
  );
}
