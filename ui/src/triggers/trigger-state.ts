import type { Subscription, Trigger, TriggerCounts } from "@/platform";
import type { Tone } from "@/ui/Badge";
import { formatCount } from "@/ui/format";

interface Shown {
  text: string;
  tone: Tone;
  /** Why, where there is a reason. */
  message?: string;
  /** When it is tried again. */
  retryAt?: number;
}

/** A trigger's state in words. */
export function triggerState({ state }: Pick<Trigger, "state">): Shown {
  switch (state.state) {
    case "running":
      return { text: "Listening", tone: "ok" };
    case "connecting":
      return { text: "Connecting", tone: "info" };
    case "paused":
      return { text: "Paused", tone: "neutral" };
    case "idle":
      return { text: "Not running", tone: "neutral", message: "This Beckon runs nothing in the background." };
    case "orphaned":
      return { text: "No function", tone: "bad", message: "Its function was deleted." };
    case "reconnecting":
      return { text: "Reconnecting", tone: "warn", message: state.message, retryAt: state.retry_at };
    case "failed":
      return { text: "Failed", tone: "bad", message: state.message, retryAt: state.retry_at };
  }
}

/** `12 received · 11 succeeded · 1 failed`; what is zero is left out but for the first. */
export function countsText(counts: TriggerCounts): string {
  const parts: Array<[number, string]> = [
    [counts.succeeded, "succeeded"],
    [counts.failed, "failed"],
    [counts.retried, "retried"],
    [counts.dropped, "dropped"],
    [counts.inFlight, "under way"],
  ];
  return [
    `${formatCount(counts.received)} received`,
    ...parts.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`),
  ].join(" · ");
}

/** What a trigger listens to: the words between names of its broker, and those names. */
export function sourceParts(subscription: Subscription): Array<{ label: string; names: string[] }> {
  switch (subscription.broker) {
    case "nats":
      return [
        { label: "", names: [subscription.subject] },
        { label: "queue group", names: subscription.queueGroup === null ? [] : [subscription.queueGroup] },
      ].filter(({ names }) => names.length > 0);
    case "mqtt":
      return [
        { label: "", names: subscription.topics },
        { label: "QoS", names: [String(subscription.qos)] },
      ];
    case "rabbitmq":
      return [
        { label: "queue", names: subscription.queue === null ? [] : [subscription.queue] },
        { label: "exchange", names: subscription.exchange === null ? [] : [subscription.exchange] },
        { label: "routing keys", names: subscription.topics },
      ].filter(({ names }) => names.length > 0);
  }
}

/** What becomes of a trigger's credential, and what its broker keeps, once it is deleted. */
export function whatStays({
  subscription,
  credential,
}: Pick<Trigger, "subscription" | "credential">): string {
  const removed = credential === "none" ? "" : "Its credential is removed from the secret store";
  if (subscription.broker === "mqtt" && subscription.qos > 0) {
    const told = "The broker is told to forget it; if it cannot be reached, that is tried for a day.";
    return removed ? `${told} ${removed} after that.` : told;
  }
  const stays =
    subscription.broker === "rabbitmq" && subscription.queue !== null
      ? `The queue ${subscription.queue} stays at the broker, with its messages and bindings.`
      : "";
  return [removed && `${removed}.`, stays].filter(Boolean).join(" ");
}
