import { ShieldCheck } from "lucide-react";
import { useMemo } from "react";
import { harmless } from "./html";

/** A page as it looks, in a frame without any rights. */
export function HtmlView({ text, label }: { text: string; label: string }) {
  const page = useMemo(() => harmless(text), [text]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {/* Pages are written for white, and say so themselves where they are not. */}
      <iframe
        sandbox=""
        srcDoc={page}
        title={`${label} as a page`}
        referrerPolicy="no-referrer"
        className="min-h-0 w-full flex-1 border-t border-line bg-[white] [color-scheme:light]"
      />
      <p className="flex h-7 shrink-0 items-center gap-1.5 border-t border-line px-4 text-sm text-muted">
        <ShieldCheck size={13} aria-hidden />
        Shown without scripts or network
      </p>
    </div>
  );
}
