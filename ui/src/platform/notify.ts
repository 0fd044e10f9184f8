export type Permission = NotificationPermission | "unavailable";

/** Whether this page may show notifications. Browsers show none for an address that is neither HTTPS nor this machine. */
export function notifyPermission(): Permission {
  return "Notification" in window && window.isSecureContext !== false
    ? Notification.permission
    : "unavailable";
}

/** Asks the user; only from a click. */
export async function askToNotify(): Promise<Permission> {
  const now = notifyPermission();
  return now === "default" ? Notification.requestPermission() : now;
}

interface Notice {
  title: string;
  text: string;
  /** One of the same name takes the place of another: several tabs tell of the same run. */
  tag: string;
  onOpen: () => void;
}

export function notify({ title, text, tag, onOpen }: Notice): void {
  if (notifyPermission() !== "granted") return;
  try {
    const shown = new Notification(title, { body: text, tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
      onOpen();
    };
  } catch {
    // Browsers of phones want a service worker for it.
  }
}
