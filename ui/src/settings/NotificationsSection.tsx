import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/api/keys";
import { useSettings } from "@/api/queries";
import { api, can, type Settings } from "@/platform";
import { askToNotify, notifyPermission, type Permission } from "@/platform/notify";
import { ErrorState } from "@/ui/ErrorState";
import { Checkbox, describedBy, FormError, Input } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { useAttempt } from "@/ui/useAttempt";
import { SettingRow } from "./SettingRow";

const USUAL_S = 30;

export function NotificationsSection() {
  const settings = useSettings();
  return (
    <Section title="Notifications" description="Changes are used at once.">
      {settings.data ? (
        <LongRuns settings={settings.data} />
      ) : settings.isError ? (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      ) : (
        <Skeleton rows={1} />
      )}
    </Section>
  );
}

function LongRuns({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const host = can("hostNotifications");
  const [permission, setPermission] = useState(notifyPermission);
  const kept = settings.notifyAfterS ?? null;
  const [text, setText] = useState(String(kept ?? USUAL_S));
  const save = useAttempt(async (notifyAfterS: number | null) => {
    client.setQueryData(keys.settings, await api.saveSettings({ settings: { ...settings, notifyAfterS } }));
  });
  useEffect(() => {
    if (kept !== null) setText(String(kept));
  }, [kept]);
  const seconds = Number(text);
  const valid = Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400;
  const on = kept !== null && (host || permission === "granted");

  async function toggle(wanted: boolean) {
    if (!wanted) {
      void save.run(null);
      return;
    }
    if (!host) {
      const answer = await askToNotify();
      setPermission(answer);
      if (answer !== "granted") return;
    }
    if (kept === null) void save.run(valid ? seconds : USUAL_S);
  }

  function commit() {
    if (on && valid && seconds !== kept) void save.run(seconds);
  }

  return (
    <>
      <SettingRow
        label="Long runs"
        id="notify"
        hint={hintOf(host, permission)}
        error={valid ? undefined : "A whole number of seconds, 1 to 86,400."}
      >
        <Checkbox
          id="notify"
          checked={on}
          disabled={!host && permission === "unavailable"}
          aria-describedby={describedBy("notify")}
          onChange={(event) => void toggle(event.target.checked)}
        />
        <label htmlFor="notify">Tell me when a run of mine ends that took longer than</label>
        <Input
          type="number"
          min={1}
          max={86_400}
          className="max-w-20 text-right"
          aria-label="Seconds"
          aria-invalid={!valid}
          aria-describedby={describedBy("notify")}
          value={text}
          disabled={!on}
          onChange={(event) => setText(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") commit();
          }}
        />
        <span className="text-muted">seconds</span>
      </SettingRow>
      {save.error !== null && <FormError error={save.error} className="mt-2 max-w-160" />}
    </>
  );
}

function hintOf(host: boolean, permission: Permission): string {
  if (host) return "Shown by the desktop, also while this window is hidden.";
  switch (permission) {
    case "granted":
      return "Shown by this browser while the page is open and you look elsewhere.";
    case "denied":
      return "The browser blocks notifications of this page. Allow them in its site settings, then reload.";
    case "unavailable":
      return "Browsers show no notifications for this address: it is neither HTTPS nor this machine.";
    default:
      return "The browser asks for your permission when you switch it on.";
  }
}
