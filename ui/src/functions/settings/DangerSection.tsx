import { Trash2 } from "lucide-react";
import { useShell } from "@/app/ui-state";
import type { FunctionRef } from "@/platform";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Section";

export function DangerSection({ target }: { target: FunctionRef }) {
  const show = useShell((shell) => shell.show);
  return (
    <Section title="Delete">
      <div className="flex max-w-180 items-center gap-4">
        <p className="flex-1 text-muted">
          {target.connection === "local"
            ? "Removes the function with its code, settings and secrets."
            : "Removes the function at its provider, with its code and settings."}{" "}
          Its runs stay in the log until their retention ends.
        </p>
        <Button
          variant="danger-quiet"
          icon={<Trash2 size={14} aria-hidden />}
          onClick={() => show({ type: "delete-function", function: target })}
        >
          Delete function…
        </Button>
      </div>
    </Section>
  );
}
