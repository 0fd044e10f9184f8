import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { toBase64 } from "@/ui/base64";
import { TooltipProvider } from "@/ui/Tooltip";
import { BodyView } from "./BodyView";
import type { Body } from "./body";

function show(body: Body) {
  const one = (each: Body) => (
    <TooltipProvider>
      <BodyView body={each} label="Result" file="hello.bin" />
    </TooltipProvider>
  );
  const { rerender } = render(one(body));
  return { next: (other: Body) => rerender(one(other)) };
}

const html = (text: string): Body => ({
  form: "text",
  document: JSON.stringify(text),
  contentType: "text/html",
});

it("shows a page in a frame without rights, and goes on showing what was chosen", async () => {
  const { next } = show(html("<h1>One</h1><script>1</script>"));
  const frame = screen.getByTitle("Result as a page");
  expect(frame).toHaveAttribute("sandbox", "");
  expect(frame.getAttribute("srcdoc")).toContain("default-src 'none'");
  expect(screen.getByText("Shown without scripts or network")).toBeVisible();
  await userEvent.click(screen.getByRole("radio", { name: "Text" }));
  next(html("<h1>Two</h1>"));
  expect(screen.queryByTitle("Result as a page")).toBeNull();
  expect(screen.getByRole("radio", { name: "Text" })).toBeChecked();
});

it("shows an image from an address that holds it, and what to do where it is none", () => {
  show({ form: "base64", document: '"iVBORw0KGgoAAAAA"', contentType: "image/png" });
  const image = screen.getByRole("img", { name: "Result, image/png" });
  expect(image).toHaveAttribute("src", "data:image/png;base64,iVBORw0KGgoAAAAA");
  fireEvent.error(image);
  expect(screen.getByRole("status")).toHaveTextContent("This cannot be shown as an image");
});

it("draws no more of many bytes than is in sight, and hands them all over as a file", async () => {
  const bytes = new Uint8Array(2 * 1024 * 1024).map((_, at) => at);
  show({ form: "base64", document: JSON.stringify(toBase64(bytes)), contentType: null });
  const dump = screen.getByRole("region", { name: "Result in hexadecimal" });
  expect(dump).toHaveTextContent("00000010");
  expect(dump.firstElementChild?.childElementCount).toBeLessThan(100);
  let saved: Blob | undefined;
  vi.spyOn(URL, "createObjectURL").mockImplementation((file) => {
    saved = file as Blob;
    return "blob:x";
  });
  let name = "";
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    name = this.download;
  });
  await userEvent.click(screen.getByRole("button", { name: "Download result" }));
  expect(name).toBe("hello.bin");
  const kept = new Uint8Array((await saved?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(kept.length).toBe(bytes.length);
  expect(kept.every((byte, at) => byte === bytes[at])).toBe(true);
});

it("says that there is nothing", () => {
  show({ form: "empty", document: "null", contentType: "text/html" });
  expect(screen.getByText("The body is empty.")).toBeVisible();
});
