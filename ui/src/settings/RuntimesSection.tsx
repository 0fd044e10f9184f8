import { useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, RotateCw } from "lucide-react";
import { keys } from "@/api/keys";
import { useRuntimes } from "@/api/queries";
import { api } from "@/platform";
import { announce } from "@/ui/announce";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorState } from "@/ui/ErrorState";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";

export function RuntimesSection() {
  const runtimes = useRuntimes();
  const client = useQueryClient();
  const rescan = useAttempt(async () => {
    try {
      const found = await api.rescanRuntimes();
      client.setQueryData(keys.runtimes, found);
      void client.invalidateQueries({ queryKey: keys.overview });
      announce(`${found.filter(({ available }) => available).length} runtimes found`);
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  return (
    <Section
      title="Runtimes"
      description="What the local engine found on this machine. Look again after installing another."
      actions={
        <Button
          icon={<RotateCw size={14} aria-hidden />}
          busy={rescan.busy}
          onClick={() => void rescan.run()}
        >
          Look again
        </Button>
      }
    >
      {runtimes.data ? (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {runtimes.data.map((runtime) => (
            <li key={`${runtime.kind} ${runtime.path}`} className="flex items-start gap-3 px-3 py-2.5">
              {runtime.available ? (
                <CircleCheck size={16} className="mt-0.5 shrink-0 text-ok" role="img" aria-label="Found" />
              ) : (
                <CircleAlert
                  size={16}
                  className="mt-0.5 shrink-0 text-warn"
                  role="img"
                  aria-label="Missing"
                />
              )}
              <div className="min-w-0 flex-1">
                <p>
                  <span className="font-medium">{runtime.title}</span>
                  {runtime.version !== null && <span className="text-muted"> {runtime.version}</span>}
                  {!runtime.available && <span className="text-warn"> not found</span>}
                </p>
                {runtime.path !== null && (
                  <p className="font-mono text-xs break-all text-subtle">{runtime.path}</p>
                )}
                {runtime.installHint !== null && <p className="mt-0.5 text-muted">{runtime.installHint}</p>}
              </div>
              <code className="mt-0.5 text-muted">{runtime.kind}</code>
              {runtime.installHint !== null && (
                <CopyButton text={runtime.installHint} label="Copy the hint" />
              )}
            </li>
          ))}
        </ul>
      ) : runtimes.isError ? (
        <ErrorState error={runtimes.error} onRetry={() => void runtimes.refetch()} />
      ) : (
        <Skeleton rows={3} />
      )}
    </Section>
  );
}
