import { CloudDownload } from "lucide-react";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Tooltip } from "@/ui/Tooltip";
import { valuesOf, withValues } from "./core/filterText";

/** One press to the runs that are not over, here and at providers; another back to all. */
export function InFlightToggle({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const values = valuesOf(text, "status");
  const on = values.length === 1 && values[0] === "pending";
  return (
    <Tooltip text="Runs that wait, run, or were accepted by a provider">
      <Button
        aria-pressed={on}
        className={cx(on && "border-accent-text! bg-accent-soft! text-accent-text!")}
        icon={<CloudDownload size={14} aria-hidden />}
        onClick={() => onChange(withValues(text, "status", on ? [] : ["pending"]))}
      >
        In flight
      </Button>
    </Tooltip>
  );
}
