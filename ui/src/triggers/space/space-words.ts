import { CircleCheck, CircleHelp, CircleX, LoaderCircle, type LucideIcon } from "lucide-react";
import type { SpaceBroker, SpaceTrigger, SpaceTriggerSource, SpaceTriggerStatus } from "@/platform";
import type { Tone } from "@/ui/Badge";
import { KINDS } from "./space-form";

/** How a status looks, and what it means. */
export const STATUS: Record<
  SpaceTriggerStatus,
  { word: string; tone: Tone; icon: LucideIcon; means: string }
> = {
  pending: { word: "Pending", tone: "info", icon: LoaderCircle, means: "It is being set up." },
  running: {
    word: "Running",
    tone: "ok",
    icon: CircleCheck,
    means: "It calls the functions that ask for it.",
  },
  failed: { word: "Failed", tone: "bad", icon: CircleX, means: "It calls nothing." },
  unknown: {
    word: "Unknown state",
    tone: "neutral",
    icon: CircleHelp,
    means: "Its provider says something that Beckon does not know.",
  },
};

/** Most characters of what a trigger is called by. */
const LONGEST = 60;

/** The type in words. */
export function kindName(source: SpaceTriggerSource): string {
  if (source.type === "other") return source.name === "" ? "Unknown type" : source.name;
  return KINDS.find(({ value }) => value === source.type)?.label ?? source.type;
}

/** What to call a trigger, which has no name: `MQTT trigger, heating`. */
export function triggerName({ source, description }: Pick<SpaceTrigger, "source" | "description">): string {
  const whole = description.trim() || listened(source);
  const first = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
  return `${kindName(source)} trigger${first === "" ? "" : `, ${first}`}`;
}

/** What it listens to, in a few words. */
function listened(source: SpaceTriggerSource): string {
  if (source.type === "mqtt") return source.topics.join(", ");
  if (source.type === "rabbitmq") return source.queue ?? source.exchange ?? "";
  return "";
}

/** What a trigger listens to: words, and names of its broker after them. */
export function sourceParts(source: SpaceTriggerSource): Array<{ label: string; names: string[] }> {
  const parts: Array<{ label: string; names: string[] }> = [];
  if (source.type === "mqtt") {
    parts.push({ label: "", names: source.topics });
    if (source.qos !== null) parts.push({ label: "QoS", names: [`${source.qos}`] });
  } else if (source.type === "rabbitmq") {
    if (source.queue !== null) parts.push({ label: "queue", names: [source.queue] });
    if (source.exchange !== null) parts.push({ label: "exchange", names: [source.exchange] });
    parts.push({ label: "routing keys", names: source.topics });
  }
  return parts
    .map(({ label, names }) => ({ label, names: [...new Set(names)] }))
    .filter(({ names }) => names.length > 0);
}

/** `user at host:port`. */
export function brokerText({ host, port, username }: SpaceBroker): string {
  const address = host.includes(":") && !host.includes("://") && port !== null ? `[${host}]` : host;
  const where = port === null ? address : `${address}:${port}`;
  return username === null ? where : `${username} at ${where}`;
}

/** A URL without what may be a secret in it: its user, its query and its fragment. */
export function shortUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "a URL";
  }
}
