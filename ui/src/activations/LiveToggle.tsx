import { Radio } from "lucide-react";
import { useLink } from "@/api/events";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { Tooltip } from "@/ui/Tooltip";

interface LiveToggleProps {
  live: boolean;
  frozen: boolean;
  onChange: (live: boolean) => void;
}

export function LiveToggle({ live, frozen, onChange }: LiveToggleProps) {
  const lost = useLink(({ state }) => state === "lost");
  const [word, meaning] = !live
    ? ["Live off", "New runs wait until you ask for them."]
    : lost
      ? ["Reconnecting", "The window does not hear from Beckon; it tries again by itself."]
      : frozen
        ? [
            "Live, paused",
            "You are reading: new runs wait above the list. At the top with nothing selected they enter.",
          ]
        : ["Live", "New runs appear at the top by themselves."];
  return (
    <Tooltip text={meaning} shortcut="l">
      <Button
        variant="ghost"
        aria-pressed={live}
        onClick={() => onChange(!live)}
        icon={
          <Radio size={14} aria-hidden className={cx(live && !lost && !frozen ? "text-ok" : "text-subtle")} />
        }
      >
        {word}
      </Button>
    </Tooltip>
  );
}
