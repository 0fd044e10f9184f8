import { Globe, Lock } from "lucide-react";
import type { WebExport } from "@/platform";
import { Badge } from "@/ui/Badge";

const TEXT: Record<WebExport, { word: string; meaning: string }> = {
  private: { word: "Private", meaning: "Callers need a token." },
  web: { word: "Web", meaning: "Anybody who knows the address can call it, without a token." },
  raw: { word: "Web, raw", meaning: "Anybody can call it; it receives the unparsed request." },
};

export function WebBadge({ web }: { web: WebExport }) {
  const { word, meaning } = TEXT[web];
  const Icon = web === "private" ? Lock : Globe;
  return (
    <Badge
      tone={web === "private" ? "neutral" : "info"}
      icon={<Icon size={12} aria-hidden />}
      title={meaning}
    >
      {word}
    </Badge>
  );
}
