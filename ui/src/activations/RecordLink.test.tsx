import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { ActivationDetail } from "@/platform";
import { sampleRun } from "../../tests/fixtures/samples";
import { RecordLink } from "./RecordLink";
import { renderPage } from "./testPage";

const PAGE = { connection: "c", namespace: "guest", name: "orders/total" };

async function show(over: Partial<ActivationDetail>) {
  const detail = {
    activation: sampleRun(1, { connection: "c", namespace: "guest", function: "called" }),
    raw: null,
    of: "function",
    page: null,
    target: null,
    ...over,
  } satisfies ActivationDetail;
  const page = renderPage(
    <div data-testid="here">
      <RecordLink detail={detail} />
    </div>,
  );
  const here = await screen.findByTestId("here");
  const text = here.textContent;
  const href = here.querySelector("a")?.getAttribute("href") ?? null;
  page.stop();
  page.unmount();
  return { text, href };
}

it("leads to the page of what ran, not of what was called", async () => {
  expect(await show({ page: PAGE })).toEqual({
    text: "Open function",
    href: "/c/c/ns/guest/fn/orders/total",
  });
  expect((await show({ of: "sequence", page: PAGE })).text).toBe("Open sequence");
});

it("says in a word what has no page of its own", async () => {
  expect(await show({ of: "composition" })).toEqual({ text: "Composition", href: null });
  const target = { namespace: "whisk.system", name: "utils/echo" };
  expect(await show({ target })).toEqual({ text: "Function /whisk.system/utils/echo", href: null });
  const fired = await show({ of: "trigger" });
  expect(fired.text).toBe("Open triggers");
  expect(fired.href).toMatch(/^\/c\/c\/ns\/guest\?tab=/);
});
