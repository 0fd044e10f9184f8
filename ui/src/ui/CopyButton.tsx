import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { copyText } from "@/platform";
import { announce } from "./announce";
import { Button } from "./Button";
import { IconButton } from "./IconButton";
import { toast } from "./toast";

interface CopyButtonProps {
  /** What to copy, or how to get it when it is wanted. */
  text: string | (() => Promise<string>);
  label: string;
  /** A button with the label as its text, instead of an icon. */
  words?: boolean;
  size?: "sm" | "md";
  className?: string;
}

export function CopyButton({ text, label, words = false, size = "sm", className }: CopyButtonProps) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);

  async function copy() {
    try {
      await copyText(typeof text === "string" ? text : await text());
      setDone(true);
      announce("Copied");
    } catch (thrown) {
      toast.failure(thrown);
    }
  }

  const icon = done ? <Check size={14} aria-hidden className="text-ok" /> : <Copy size={14} aria-hidden />;
  return words ? (
    <Button size={size} icon={icon} onClick={copy} className={className}>
      {done ? "Copied" : label}
    </Button>
  ) : (
    <IconButton size={size} icon={icon} label={label} onClick={copy} className={className} />
  );
}
