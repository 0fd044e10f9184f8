import * as v from "valibot";
import type { Settings } from "@/platform";

const whole = (message: string) => v.pipe(v.number(message), v.integer(message));

/** The settings in the units that people think in. */
export const settingsSchema = v.object({
  blockingSeconds: v.pipe(
    v.number("A number of seconds."),
    v.minValue(1, "At least 1 second."),
    v.maxValue(900, "At most 900 seconds."),
  ),
  retentionDays: v.pipe(
    v.number("A number of days."),
    v.minValue(3, "At least 3 days (72 hours)."),
    v.maxValue(365, "At most 365 days."),
  ),
  gatewayPort: v.pipe(
    whole("A whole number."),
    v.minValue(1024, "Ports below 1024 need special rights."),
    v.maxValue(65_535, "At most 65535."),
  ),
});

export type SettingsForm = v.InferOutput<typeof settingsSchema>;

export function toForm(settings: Settings): SettingsForm {
  return {
    blockingSeconds: settings.blockingLimitMs / 1000,
    retentionDays: settings.retentionHours / 24,
    gatewayPort: settings.gatewayPort,
  };
}

export function fromForm(form: SettingsForm): Settings {
  return {
    blockingLimitMs: Math.round(form.blockingSeconds * 1000),
    retentionHours: Math.round(form.retentionDays * 24),
    gatewayPort: form.gatewayPort,
  };
}

/** What to know about the port: a change waits for the next start, and one may be waiting already. */
export function portNote(gatewayUrl: string | null, savedPort: number): string {
  if (gatewayUrl === null || gatewayUrl.endsWith(`:${savedPort}`)) {
    return "A change is used from the next start on.";
  }
  return `${savedPort} is used from the next start on. Now the gateway answers at ${gatewayUrl}.`;
}
