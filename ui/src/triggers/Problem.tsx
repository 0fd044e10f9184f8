import { CircleAlert } from "lucide-react";
import type { Noted } from "@/platform";
import { TimeText } from "@/ui/TimeText";

/** The last thing that went wrong. */
export function Problem({ noted }: { noted: Noted }) {
  return (
    <p className="mt-2 flex items-start gap-1.5 rounded-md bg-warn-soft px-2 py-1 text-sm text-warn">
      <CircleAlert size={13} className="mt-0.5 shrink-0" aria-hidden />
      <span className="min-w-0 flex-1 break-words">{noted.message}</span>
      <TimeText at={noted.at} className="shrink-0" />
    </p>
  );
}
