let region: HTMLElement | null = null;

/** Says something to screen readers without moving focus. */
export function announce(text: string): void {
  if (!region?.isConnected) {
    region = document.createElement("div");
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    region.className = "sr-only";
    document.body.append(region);
  }
  const target = region;
  // The same text twice is only read when the region was empty in between.
  target.textContent = "";
  setTimeout(() => {
    target.textContent = text;
  }, 50);
}
