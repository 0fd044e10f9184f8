import { KeyRound } from "lucide-react";
import { CopyButton } from "@/ui/CopyButton";
import { TooltipProvider } from "@/ui/Tooltip";

/** The cookie is gone: nothing on the page can work until a new link is opened. */
export function SessionEnded() {
  return (
    <TooltipProvider>
      <main className="flex min-h-screen items-center justify-center bg-bg p-6">
        <div className="max-w-120 rounded-xl border border-line bg-surface p-8">
          <KeyRound size={24} className="mb-4 text-subtle" aria-hidden />
          <h1 className="text-xl font-semibold">This link has ended</h1>
          <p className="mt-2 text-muted">
            Beckon was restarted, or this page was not opened with its own link. Nothing is lost. Run this on
            the machine where Beckon runs, and open the address that it prints:
          </p>
          <div className="mt-4 flex items-center gap-2 rounded-md border border-line bg-inset py-1 pr-1 pl-3">
            <code className="flex-1 select-all">beckon url</code>
            <CopyButton text="beckon url" label="Copy command" />
          </div>
        </div>
      </main>
    </TooltipProvider>
  );
}
