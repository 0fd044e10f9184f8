import * as v from "valibot";
import type { Quota, Settings } from "@/platform";

const whole = (message: string) => v.pipe(v.number(message), v.integer(message));

/** What DigitalOcean allows each namespace. */
export const DIGITALOCEAN_QUOTA: Quota = {
  invocationsPerMinute: 600,
  concurrentInvocations: 120,
  firesPerMinute: 60,
};

export type QuotaField = keyof Quota;

/** A number of the quota matters, and is checked, only where the numbers are the user's own. */
function counts(quota: string, value: number): boolean {
  return quota !== "custom" || (Number.isInteger(value) && value >= 1 && value <= 1_000_000);
}

const QUOTA_RANGE = "A whole number from 1 to 1,000,000.";
const anyNumber = v.union([v.number(), v.nan()]);

/** The settings in the units that people think in. */
export const settingsSchema = v.pipe(
  v.object({
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
    spacesBodyMb: v.pipe(
      whole("A whole number."),
      v.minValue(1, "At least 1 MB."),
      v.maxValue(100, "At most 100 MB."),
    ),
    quota: v.picklist(["none", "digitalocean", "custom"]),
    invocationsPerMinute: anyNumber,
    concurrentInvocations: anyNumber,
    firesPerMinute: anyNumber,
  }),
  v.forward(
    v.partialCheck(
      [["quota"], ["invocationsPerMinute"]],
      (form) => counts(form.quota, form.invocationsPerMinute),
      QUOTA_RANGE,
    ),
    ["invocationsPerMinute"],
  ),
  v.forward(
    v.partialCheck(
      [["quota"], ["concurrentInvocations"]],
      (form) => counts(form.quota, form.concurrentInvocations),
      QUOTA_RANGE,
    ),
    ["concurrentInvocations"],
  ),
  v.forward(
    v.partialCheck(
      [["quota"], ["firesPerMinute"]],
      (form) => counts(form.quota, form.firesPerMinute),
      QUOTA_RANGE,
    ),
    ["firesPerMinute"],
  ),
);

export type SettingsForm = v.InferOutput<typeof settingsSchema>;

export function toForm(settings: Settings): SettingsForm {
  const { quota } = settings;
  return {
    blockingSeconds: settings.blockingLimitMs / 1000,
    retentionDays: settings.retentionHours / 24,
    gatewayPort: settings.gatewayPort,
    spacesBodyMb: settings.spacesBodyMb,
    quota: !quota ? "none" : isDigitalOceans(quota) ? "digitalocean" : "custom",
    ...(quota ?? DIGITALOCEAN_QUOTA),
  };
}

function isDigitalOceans(quota: Quota): boolean {
  return (Object.keys(DIGITALOCEAN_QUOTA) as QuotaField[]).every(
    (field) => quota[field] === DIGITALOCEAN_QUOTA[field],
  );
}

/** The settings as they are to be: what the form does not show stays as it is in `base`. */
export function fromForm(form: SettingsForm, base: Settings): Settings {
  const { invocationsPerMinute, concurrentInvocations, firesPerMinute } = form;
  return {
    ...base,
    blockingLimitMs: Math.round(form.blockingSeconds * 1000),
    retentionHours: Math.round(form.retentionDays * 24),
    gatewayPort: form.gatewayPort,
    spacesBodyMb: form.spacesBodyMb,
    quota:
      form.quota === "none"
        ? null
        : form.quota === "digitalocean"
          ? DIGITALOCEAN_QUOTA
          : { invocationsPerMinute, concurrentInvocations, firesPerMinute },
  };
}

/** What to know about the port: a change waits for the next start, and one may be waiting already. */
export function portNote(gatewayUrl: string | null, savedPort: number): string {
  if (gatewayUrl === null || gatewayUrl.endsWith(`:${savedPort}`)) {
    return "A change is used from the next start on.";
  }
  return `${savedPort} is used from the next start on. Now the gateway answers at ${gatewayUrl}.`;
}
