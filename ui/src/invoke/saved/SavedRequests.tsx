import { Popover } from "@base-ui/react/popover";
import { Bookmark } from "lucide-react";
import { useRef, useState } from "react";
import { useActions } from "@/app/actions";
import type { FunctionRef } from "@/platform";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { useSession } from "../session";
import { useSavedRequests } from "./queries";
import { SavedList } from "./SavedList";
import { SaveForm } from "./SaveForm";
import { useSaved } from "./useSaved";

interface SavedRequestsProps {
  target: FunctionRef;
  /** Whether the function takes requests; or else JSON. */
  http: boolean;
  onText: (text: string) => void;
}

/** A button that opens the requests that are saved of a function. */
export function SavedRequests({ target, http, onText }: SavedRequestsProps) {
  const [open, setOpen] = useState(false);
  const session = useSession(target);
  const list = useSavedRequests(target);
  const saved = useSaved(target, http, onText);
  const popup = useRef<HTMLDivElement>(null);
  const rows = list.data ?? [];

  useActions([
    { id: "saved-requests", title: "Saved requests", section: "Function", run: () => setOpen(true) },
  ]);

  return (
    <Popover.Root open={open} onOpenChange={(next) => setOpen(next)}>
      <Popover.Trigger
        render={<Button size="sm" data-testid="saved-requests" icon={<Bookmark size={14} aria-hidden />} />}
      >
        {rows.length === 0 ? "Saved" : `Saved ${rows.length}`}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner align="end" sideOffset={6} collisionPadding={12} className="z-50">
          <Popover.Popup
            ref={popup}
            // What was saved is what one most often comes for.
            initialFocus={() =>
              popup.current?.querySelector<HTMLElement>(rows.length > 0 ? "[data-load]" : "input") ?? true
            }
            className="appear flex max-h-[min(480px,70vh)] w-100 max-w-[calc(100vw-24px)] flex-col rounded-xl border border-line bg-raised shadow-float"
          >
            <Popover.Title className="px-4 pt-3 pb-2 font-semibold">Saved requests</Popover.Title>
            {list.isError ? (
              <ErrorState error={list.error} onRetry={() => void list.refetch()} />
            ) : list.data === undefined ? (
              <Skeleton rows={2} className="px-4 pb-3" />
            ) : rows.length === 0 ? (
              <p className="px-4 pb-3 text-muted">
                None yet. Save what is in the pane, and send it again later with two clicks.
              </p>
            ) : (
              <SavedList rows={rows} current={session.saved} saved={saved} onLoaded={() => setOpen(false)} />
            )}
            {session.text !== null && (
              <SaveForm
                // The name of what was loaded is the first choice.
                key={session.saved ?? ""}
                session={session}
                http={http}
                rows={rows}
                onSave={saved.save}
              />
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
