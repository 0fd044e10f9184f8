import { Globe, Lock } from "lucide-react";
import type { WebExport } from "@/platform";
import { Badge } from "@/ui/Badge";

const TEXT: Record<WebExport, { word: string; meaning: string }> = {
  private: { word: "Private", meaning: "Callers of its REST API need a token." },
  web: { word: "Web", meaning: "Anybody who knows the address can call it, without a token." },
  raw: { word: "Web, raw", meaning: "Anybody can call it; it receives the unparsed request." },
};

const HTTP = {
  word: "HTTP",
  meaning: "It answers at its function URL, without a token; its REST API needs one.",
};

interface WebBadgeProps {
  web: WebExport;
  /** Where it answers without a token, whatever `web` is. */
  functionUrl?: string | null;
}

export function WebBadge({ web, functionUrl = null }: WebBadgeProps) {
  const open = web !== "private" || functionUrl !== null;
  const { word, meaning } = web === "private" && open ? HTTP : TEXT[web];
  const Icon = open ? Globe : Lock;
  return (
    <Badge tone={open ? "info" : "neutral"} icon={<Icon size={12} aria-hidden />} title={meaning}>
      {word}
    </Badge>
  );
}
