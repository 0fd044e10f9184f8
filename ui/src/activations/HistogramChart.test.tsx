import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Histogram } from "@/platform";
import { HistogramChart } from "./HistogramChart";

const bucket = (success: number, systemError = 0) => ({
  success,
  applicationError: 0,
  developerError: 0,
  systemError,
  pending: 0,
});

const HISTOGRAM: Histogram = {
  from: 60_000,
  to: 300_000,
  step: 60_000,
  buckets: [bucket(3), bucket(0), bucket(1, 2), bucket(5)],
};

function open() {
  const onSelect = vi.fn();
  const onReset = vi.fn();
  render(<HistogramChart histogram={HISTOGRAM} stale={false} onSelect={onSelect} onReset={onReset} />);
  const chart = screen.getByRole("slider", { name: "Runs over time" });
  act(() => chart.focus());
  return { chart, onSelect, onReset, user: userEvent.setup() };
}

it("reads the bucket under the cursor", async () => {
  const { chart, user } = open();
  expect(chart).toHaveAttribute(
    "aria-valuetext",
    expect.stringContaining("11 runs: 9 success, 2 system error"),
  );
  await user.keyboard("{Home}{ArrowRight}{ArrowRight}");
  expect(chart).toHaveAttribute("aria-valuenow", "2");
  expect(screen.getByRole("status")).toHaveTextContent("3 runs: 1 success, 2 system error");
});

it("chooses a stretch with Shift and applies it with Enter", async () => {
  const { user, onSelect } = open();
  await user.keyboard("{Home}{ArrowRight}{Shift>}{ArrowRight}{ArrowRight}{/Shift}");
  expect(screen.getByRole("status")).toHaveTextContent("8 runs");
  await user.keyboard("{Enter}");
  expect(onSelect).toHaveBeenCalledWith(120_000, 300_000);
});

it("gives up the stretch with Esc, then the range", async () => {
  const { user, onReset } = open();
  await user.keyboard("{End}{Escape}");
  expect(onReset).not.toHaveBeenCalled();
  await user.keyboard("{Escape}");
  expect(onReset).toHaveBeenCalledOnce();
});

it("is there as a table", () => {
  open();
  const table = screen.getByRole("table", { name: /Runs over time/ });
  // A heading row, and the three periods that had runs.
  expect(within(table).getAllByRole("row")).toHaveLength(4);
});
