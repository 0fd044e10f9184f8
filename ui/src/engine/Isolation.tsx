import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleMinus } from "lucide-react";
import { keys } from "@/api/keys";
import { api, type GuardStatus } from "@/platform";
import { guardWords } from "@/record/guards";
import { Badge } from "@/ui/Badge";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";

/** What keeps functions in their place on this machine, and what does not. */
export function Isolation() {
  const guards = useQuery({ queryKey: keys.guards, queryFn: ({ signal }) => api.guards(signal) });
  if (guards.data === undefined) {
    return guards.isError ? (
      <ErrorState error={guards.error} onRetry={() => void guards.refetch()} />
    ) : (
      <Skeleton rows={4} className="px-6" />
    );
  }
  const missing = guards.data.filter(({ enforced }) => !enforced).length;
  return (
    <>
      <p className="px-6 pb-1 text-muted">
        {missing === 0
          ? "All of them are enforced on this machine."
          : `${guards.data.length - missing} of ${guards.data.length} are enforced on this machine.`}{" "}
        What a run really had is on its record, under Timing.
      </p>
      <Table>
        <thead>
          <tr>
            <th>Guard</th>
            <th>Here</th>
            <th>What it keeps</th>
          </tr>
        </thead>
        <tbody>
          {guards.data.map((status) => (
            <GuardRow key={status.guard} status={status} />
          ))}
        </tbody>
      </Table>
    </>
  );
}

function GuardRow({ status: { guard, enforced, why } }: { status: GuardStatus }) {
  const { title, meaning } = guardWords(guard);
  return (
    <tr data-testid="guard-row" className="[&>td]:py-1.5">
      <td className="font-medium whitespace-nowrap">{title}</td>
      <td className="whitespace-nowrap">
        {!enforced ? (
          <Badge tone="warn" icon={<CircleAlert size={13} aria-hidden />}>
            Not enforced here
          </Badge>
        ) : guard === "network" ? (
          <Badge icon={<CircleMinus size={13} aria-hidden />}>Where a function asks for it</Badge>
        ) : (
          <Badge tone="ok" icon={<CircleCheck size={13} aria-hidden />}>
            Enforced
          </Badge>
        )}
      </td>
      <td>
        {meaning !== "" && <p>{meaning}</p>}
        {why !== null && <p className={enforced ? "text-muted" : "text-warn"}>{why}</p>}
      </td>
    </tr>
  );
}
