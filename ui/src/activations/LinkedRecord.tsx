import { X } from "lucide-react";
import type { RunActions } from "@/record";
import { IconButton } from "@/ui/IconButton";
import { RunPanel } from "./RunPanel";

interface LinkedRecordProps {
  id: string;
  actions: RunActions;
  onClose: () => void;
}

/** The record of a link whose run is not among the rows that were read: older, or excluded by the filter. */
export function LinkedRecord({ id, actions, onClose }: LinkedRecordProps) {
  return (
    <section aria-label="Linked run" className="shrink-0 border-t border-line">
      <div className="flex h-8 items-center gap-2 bg-accent-soft pr-2 pl-4">
        <span className="text-muted">Linked run</span>
        <code className="min-w-0 flex-1 truncate">{id}</code>
        <IconButton size="sm" label="Close linked run" icon={<X size={14} aria-hidden />} onClick={onClose} />
      </div>
      <RunPanel id={id} actions={actions} onLeave={onClose} />
    </section>
  );
}
