import { ArrowUp } from "lucide-react";
import { useEffect } from "react";
import { announce } from "@/ui/announce";
import { Kbd } from "@/ui/Kbd";

/** Announced at most this often: a busy log must not talk all the time. */
const ANNOUNCE_AFTER_MS = 1500;

interface NewRunsPillProps {
  fresh: number;
  capped: boolean;
  onShow: () => void;
}

/** New runs wait above what the user reads. */
export function NewRunsPill({ fresh, capped, onShow }: NewRunsPillProps) {
  const text = `${fresh.toLocaleString("en")}${capped ? "+" : ""} new`;
  useEffect(() => {
    const timer = setTimeout(() => announce(`${text} ${fresh === 1 ? "run" : "runs"}`), ANNOUNCE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, fresh]);
  return (
    <button
      type="button"
      data-testid="new-runs"
      onClick={onShow}
      className="absolute top-[3px] left-1/2 z-20 flex h-6 -translate-x-1/2 items-center gap-1.5 rounded-full bg-accent px-3 font-medium text-accent-fg shadow-float hover:bg-accent-hover"
    >
      <ArrowUp size={14} aria-hidden />
      {text}
      <Kbd keys="n" />
    </button>
  );
}
