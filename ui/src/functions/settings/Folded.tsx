import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

interface FoldedProps {
  title: string;
  /** What is set in it, or what it is for, in a few words. */
  note: string;
  /** Begins open: something in it is not the default, or is wrong. */
  open: boolean;
  children: ReactNode;
}

/** Settings that few people need, behind a line that says what they are. */
export function Folded({ title, note, open, children }: FoldedProps) {
  return (
    <details className="group border-t border-line" open={open || undefined}>
      <summary className="flex min-h-11 list-none items-center gap-2 rounded-sm py-2">
        <ChevronRight size={14} className="shrink-0 text-subtle group-open:rotate-90" aria-hidden />
        <h3 className="font-medium">{title}</h3>
        <span className="truncate text-muted">{note}</span>
      </summary>
      <div className="pt-1 pb-5 pl-5.5">{children}</div>
    </details>
  );
}
