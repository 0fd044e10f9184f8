import { useBlocker } from "@tanstack/react-router";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import type { Unsaved } from "./FunctionPage";

/** Asks before changes are lost: on the way to another page, and when the window is closed. */
export function UnsavedGuard({ what }: { what: Readonly<Record<Unsaved, boolean>> }) {
  const dirty = what.code || what.settings;
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  const names = [what.code && "code", what.settings && "settings"].filter(Boolean).join(" and ");
  return (
    <Dialog
      open
      onOpenChange={() => blocker.reset()}
      title="Leave without saving?"
      footer={
        <>
          <Button onClick={() => blocker.reset()}>Stay</Button>
          <Button variant="danger" onClick={() => blocker.proceed()}>
            Leave and lose the changes
          </Button>
        </>
      }
    >
      <p className="text-muted">The changes to the {names} of this function are not saved.</p>
    </Dialog>
  );
}
