import { Link } from "@tanstack/react-router";
import { RotateCw, X } from "lucide-react";
import { api, type DeadLetter } from "@/platform";
import { announce } from "@/ui/announce";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { formatCount } from "@/ui/format";
import { Skeleton } from "@/ui/Skeleton";
import { StatusText } from "@/ui/StatusBadge";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { FunctionLink } from "./FunctionLink";
import { Nothing } from "./Part";
import { useDeadLetters } from "./queries";

export function DeadLetters() {
  const letters = useDeadLetters();
  if (letters.data === undefined) {
    return letters.isError ? (
      <ErrorState error={letters.error} onRetry={() => void letters.refetch()} />
    ) : (
      <Skeleton rows={2} className="px-6" />
    );
  }
  const rows = letters.data.pages.flatMap((page) => page.rows);
  if (rows.length === 0) {
    return (
      <Nothing>
        None. A run comes here when it failed as often as its function's retry settings allow; nothing is
        lost.
      </Nothing>
    );
  }
  return (
    <>
      <Table>
        <thead>
          <tr>
            <th>Run</th>
            <th>Function</th>
            <th>Ended as</th>
            <th className="text-right!">Attempts</th>
            <th>Given up</th>
            <th>First log line</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((letter) => (
            <LetterRow key={letter.run.id} letter={letter} onGone={() => void letters.refetch()} />
          ))}
        </tbody>
      </Table>
      {letters.hasNextPage && (
        <div className="px-6 pt-3">
          <Button busy={letters.isFetchingNextPage} onClick={() => void letters.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function LetterRow({ letter: { run, attempts, at }, onGone }: { letter: DeadLetter; onGone: () => void }) {
  const act = useAttempt(async (how: "retry" | "dismiss") => {
    try {
      const known = await (how === "retry"
        ? api.retryDeadLetter({ id: run.id })
        : api.dismissDeadLetter({ id: run.id }));
      if (known) announce(how === "retry" ? "The run is queued again" : "The dead letter is dismissed");
      onGone();
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  return (
    <tr data-testid="dead-letter">
      <td>
        <Link
          to="/activations"
          search={{ id: run.id }}
          className="link font-mono text-sm"
          title={run.id}
          aria-label={`Record of run ${run.id}`}
        >
          …{run.id.slice(-8)}
        </Link>
      </td>
      <td className="max-w-72 break-words">
        <FunctionLink of={{ namespace: run.namespace, name: run.function }} />
      </td>
      <td>
        <StatusText status={run.status} />
      </td>
      <td className="text-right">{formatCount(attempts)}</td>
      <td className="whitespace-nowrap">
        <TimeText at={at} />
      </td>
      <td className="max-w-80 truncate font-mono text-sm text-muted" title={run.preview}>
        {run.preview}
      </td>
      <td>
        <div className="flex justify-end gap-1">
          <Button
            size="sm"
            disabled={act.busy}
            icon={<RotateCw size={13} aria-hidden />}
            onClick={() => void act.run("retry")}
            aria-label={`Retry run ${run.id}`}
          >
            Retry
          </Button>
          <Button
            size="sm"
            variant="ghost"
            disabled={act.busy}
            icon={<X size={13} aria-hidden />}
            onClick={() => void act.run("dismiss")}
            aria-label={`Dismiss run ${run.id}`}
          >
            Dismiss
          </Button>
        </div>
      </td>
    </tr>
  );
}
