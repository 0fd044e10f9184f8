/** Only what the text itself holds: nothing is loaded, also no image that would tell its sender of the look. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:";

/** Elements that run, load or lead elsewhere. */
const BARRED = "script, iframe, frame, frameset, object, embed, base, link, meta[http-equiv], portal";

/** A page for a frame without rights: the frame refuses scripts, and the policy what the network would give. */
export function harmless(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const element of page.querySelectorAll(BARRED)) element.remove();
  // A link would lead the frame away, and there is no way back in it: it only says where it goes.
  for (const link of page.querySelectorAll("a[href], area[href]")) {
    if (!link.hasAttribute("title")) link.setAttribute("title", link.getAttribute("href") ?? "");
    link.removeAttribute("href");
  }
  const looks = page.createElement("style");
  looks.textContent = "a:not([href]) { color: LinkText; text-decoration: underline }";
  page.head.prepend(looks);
  const policy = page.createElement("meta");
  policy.setAttribute("http-equiv", "Content-Security-Policy");
  policy.setAttribute("content", POLICY);
  page.head.prepend(policy);
  const mode = page.compatMode === "BackCompat" ? "" : "<!doctype html>";
  return `${mode}${page.documentElement.outerHTML}`;
}
