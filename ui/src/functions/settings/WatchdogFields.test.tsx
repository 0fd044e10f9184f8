import { render, screen } from "@testing-library/react";
import { FormProvider, useForm } from "react-hook-form";
import { describe, expect, it } from "vitest";
import type { Contract, Watchdog } from "@/platform";
import { EXECUTION } from "../../../tests/fixtures/samples";
import { executionToForm } from "./execution-form";
import { WatchdogFields } from "./WatchdogFields";

function Shown({ contract, over }: { contract: Contract; over: Partial<Watchdog> }) {
  const watchdog = { ...EXECUTION.watchdog, ...over };
  const form = useForm({ defaultValues: { execution: executionToForm({ ...EXECUTION, watchdog }) } });
  return (
    <FormProvider {...form}>
      <WatchdogFields contract={contract} watchdog={watchdog} />
    </FormProvider>
  );
}

function labels(contract: Contract, over: Partial<Watchdog> = {}) {
  const { container, unmount } = render(<Shown contract={contract} over={over} />);
  const found = [...container.querySelectorAll("label")].map((label) => label.textContent);
  unmount();
  return found;
}

const BOUNDS = ["exec_timeout", "read_timeout", "write_timeout", "max_inflight"];

describe("the watchdog's settings", () => {
  it("are those that its contract acts on", () => {
    expect(labels("openfaas")).toEqual(BOUNDS);
    expect(labels("openfaas_flask")).toEqual(BOUNDS);
    expect(labels("watchdog_http")).toEqual(["Command (fprocess)", ...BOUNDS, "Port of the process"]);
    expect(labels("watchdog_streaming")).toEqual(["Command (fprocess)", "content_type", ...BOUNDS]);
    expect(labels("watchdog_classic").at(-1)).toBe("Standard error is part of the answer");
  });

  it("are open when something in them bounds a run", () => {
    const { rerender } = render(<Shown contract="openfaas" over={{}} />);
    const folded = screen.getByText("Watchdog").closest("details");
    expect(folded).not.toHaveAttribute("open");
    rerender(<Shown contract="openfaas" over={{ maxInflight: 1 }} />);
    expect(folded).toHaveAttribute("open");
    rerender(<Shown contract="openfaas" over={{ readTimeoutMs: 0 }} />);
    expect(folded).toHaveAttribute("open");
  });
});
