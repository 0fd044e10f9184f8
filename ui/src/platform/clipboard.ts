import { api, can } from "./index";

/** Puts text on the clipboard by the best way this host has; rejects when there is none. */
export async function copyText(text: string): Promise<void> {
  if (can("hostClipboard")) {
    await api.copyText({ text });
    return;
  }
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // Refused without a permission or a focused document; the old way still works from a click.
    }
  }
  copyBySelection(text);
}

function copyBySelection(text: string): void {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.setAttribute("aria-hidden", "true");
  area.style.position = "fixed";
  area.style.top = "-1000px";
  // Inside an open dialog, focus outside of it would be taken back before the copy.
  (focused?.closest('[role="dialog"]') ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!copied) throw new Error("The browser does not allow this page to use the clipboard.");
}
