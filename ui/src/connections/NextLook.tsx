import type { Looks } from "@/platform";
import { TimeText, useNow } from "@/ui/TimeText";

/** Whether Beckon keeps up with the runs at a provider, and when it looks again. */
export function NextLook({ looks }: { looks: Looks | null }) {
  const now = useNow();
  if (looks === null) return null;
  const { looking, next, failures } = looks;
  return (
    <p className="text-sm text-muted">
      {looking ? (
        "Reading now…"
      ) : (
        <>
          {failures > 0 && (
            <span className="text-bad">Failed {failures === 1 ? "once" : `${failures} times`} · </span>
          )}
          {next === null ? "not by itself" : <>next {next - now < 5000 ? "soon" : <TimeText at={next} />}</>}
        </>
      )}
    </p>
  );
}
