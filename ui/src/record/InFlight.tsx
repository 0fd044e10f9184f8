import { CloudDownload, Hourglass } from "lucide-react";
import type { Activation } from "@/platform";
import { Button } from "@/ui/Button";
import { FormError } from "@/ui/Field";
import { formatDuration } from "@/ui/format";
import { Spinner } from "@/ui/Spinner";
import { useElapsed } from "./useElapsed";
import { useWait } from "./useWait";

/** A run that a provider has accepted and has no record of yet: nothing is wrong, and one may wait for it. */
export function InFlight({ activation: { id, start } }: { activation: Activation }) {
  const elapsed = useElapsed(start, true);
  const { waiting, inVain, error, begin, cancel } = useWait(id);
  // Whole seconds, then whole minutes: a calm line.
  const step = elapsed < 60_000 ? 1000 : 60_000;
  const passed = formatDuration(Math.floor(elapsed / step) * step);
  return (
    <div
      data-testid="in-flight"
      className="flex min-h-0 flex-col items-center gap-2 overflow-y-auto px-4 py-6 text-center"
    >
      <p className="flex items-center gap-2 font-medium">
        <CloudDownload size={16} className="breathe text-info" aria-hidden />
        <span>
          Accepted <span className="font-normal text-muted">{passed} ago</span>
        </span>
      </p>
      <p role="status" className="max-w-120 text-muted">
        {waiting
          ? "Looking for its record often now, for a minute at most."
          : inVain
            ? "There is no record yet. Beckon goes on looking, every 30 seconds at the latest."
            : "The provider has no record of it yet: that comes with the end of the run. Beckon looks for it by itself, every 30 seconds at the latest."}
      </p>
      {error !== null && <FormError error={error} className="max-w-120 text-left" />}
      <Button
        className="mt-1"
        icon={waiting ? <Spinner /> : <Hourglass size={14} aria-hidden />}
        onClick={() => (waiting ? cancel() : void begin())}
      >
        {waiting ? "Cancel waiting" : inVain || error !== null ? "Wait again" : "Wait for it"}
      </Button>
    </div>
  );
}
