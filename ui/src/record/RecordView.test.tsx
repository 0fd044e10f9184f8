import { act, configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renderPage } from "@/activations/testPage";
import { type Activation, type Guard, replaceTransport } from "@/platform";
import { FixturePanel, fail } from "../../tests/fixtures/panel";
import { sampleRun } from "../../tests/fixtures/samples";
import { RecordView } from "./RecordView";

// Machines that run these tests are often loaded.
configure({ asyncUtilTimeout: 10_000 });

let panel: FixturePanel;
let stop: () => void;

beforeEach(() => {
  panel = new FixturePanel();
  replaceTransport(panel);
});

afterEach(() => stop());

async function show(over: Partial<Activation>, props: Partial<Parameters<typeof RecordView>[0]> = {}) {
  const user = userEvent.setup();
  const page = renderPage(<RecordView activation={sampleRun(1, over)} {...props} />);
  stop = page.stop;
  await screen.findByRole("tab", { name: "Result" });
  return { user, tab: (name: string | RegExp) => user.click(screen.getByRole("tab", { name })) };
}

const tree = () => screen.getByRole("tree");
const lines = () => within(tree()).getAllByRole("treeitem");

describe("HTTP", () => {
  it("has both sides of the request", async () => {
    const { tab } = await show({
      http: {
        method: "POST",
        path: "/orders",
        query: "page=2",
        headers: [
          ["Content-Type", "application/json"],
          ["Authorization", "***"],
        ],
        body: "json",
        status: 404,
        responseHeaders: [["X-Order", "none"]],
        responseBody: "text",
      },
      input: '{"total":12}',
      result: '"There is none."',
    });
    await tab("HTTP 404");
    const pane = within(screen.getByTestId("http"));
    expect(pane.getByText("/orders?page=2")).toBeInTheDocument();
    expect(pane.getByText(/404 Not Found/)).toBeInTheDocument();
    expect(pane.getByText("***")).toBeInTheDocument();
    expect(pane.getByText("X-Order")).toBeInTheDocument();
    expect(pane.getByRole("tree", { name: "Request body" })).toHaveTextContent("total: 12");
    expect(await pane.findByText("There is none.")).toBeInTheDocument();
  });

  it("is not there for a run without one", async () => {
    await show({});
    expect(screen.queryByRole("tab", { name: /HTTP/ })).not.toBeInTheDocument();
  });
});

it("says what kept the function in its place, and what did not", async () => {
  const { tab } = await show({ guards: ["session", "files", "memory"], attempts: 3 });
  await tab("Timing");
  const isolation = screen.getByRole("region", { name: "Isolation" });
  expect(isolation).toHaveTextContent("enforced process group, files, memory");
  expect(isolation).toHaveTextContent(
    "not enforced environment, privileges, signals, sockets, processes, file sizes, disk",
  );
  expect(screen.getByText("Attempts")).toBeInTheDocument();
});

it("calls a guard that it does not know by its name", async () => {
  const { tab } = await show({ guards: ["session", "system_calls" as Guard] });
  await tab("Timing");
  expect(screen.getByRole("region", { name: "Isolation" })).toHaveTextContent(
    "enforced process group, system calls",
  );
});

describe("Result", () => {
  it("keeps the digits of large numbers", async () => {
    await show({ status: "success", result: '{"id":12345678901234567890,"price":1.10}' });
    expect(screen.getByTestId("result")).toHaveTextContent("id: 12345678901234567890");
    expect(screen.getByTestId("result")).toHaveTextContent("price: 1.10");
  });

  it("is walked with the arrow keys, and gives the path of a value", async () => {
    const { user } = await show({ status: "success", result: '{"users":[{"name":"Ada"}]}' });
    act(() => tree().focus());
    await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}");
    expect(screen.getByText(".users[0]")).toBeInTheDocument();
    expect(lines()).toHaveLength(3);
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(screen.getByText(".users[0].name")).toBeInTheDocument();
    await user.keyboard("{ArrowLeft}{ArrowLeft}");
    expect(lines()).toHaveLength(3);
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await user.click(screen.getByRole("button", { name: "Copy path" }));
    await waitFor(() => expect(write).toHaveBeenCalledWith(".users[0]"));
  });

  it("finds values inside closed parts", async () => {
    const { user } = await show({ status: "success", result: '{"a":{"b":{"c":{"d":"needle"}}}}' });
    await user.type(screen.getByRole("textbox", { name: "Search in result" }), "needle{Enter}");
    expect(screen.getByText("1 of 1")).toBeInTheDocument();
    expect(screen.getByText(".a.b.c.d")).toBeInTheDocument();
  });

  it("does not draw a large value unasked", async () => {
    const { user } = await show({ status: "success", result: JSON.stringify({ text: "x".repeat(300_000) }) });
    expect(screen.queryByRole("tree")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Render anyway" }));
    expect(tree()).toBeInTheDocument();
  });

  it("shows a long error with its line breaks", async () => {
    await show({ status: "application_error", result: '{"error":"Error: no\\n    at main (index.js:3)"}' });
    expect(screen.getByText(/at main \(index\.js:3\)/, { selector: "pre" })).toHaveTextContent(
      "Error: no at main",
    );
  });

  it("says where a run is that is not over, and offers to cancel it", async () => {
    const cancel = vi.fn();
    const { user } = await show(
      { status: "running", result: null, end: null, durationMs: null },
      { onCancel: cancel },
    );
    expect(screen.getByText("It runs, and its answer is waited for.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Cancel run" }));
    expect(cancel).toHaveBeenCalled();
  });
});

describe("Input, Logs, Timing and Raw", () => {
  it("says when the input is not known", async () => {
    const { tab } = await show({ input: null, cause: "provider" });
    await tab("Input");
    expect(screen.getByText(/Somebody else made this run/)).toBeInTheDocument();
  });

  it("names the stream of each line, filters stderr and says what was cut", async () => {
    const { user, tab } = await show({
      logs: [
        { at_us: 1_795_237_633_000_123, stream: "stdout", text: "working" },
        { at_us: 1_795_237_633_100_000, stream: "stderr", text: `${String.fromCharCode(27)}[31mbroken` },
      ],
      logsTruncated: true,
    });
    await tab(/Logs 2/);
    const region = () => screen.getByRole("region", { name: "Log lines" });
    expect(region()).toHaveTextContent(/stdout\s*working.*stderr\s*broken/);
    expect(screen.getByText(/Truncated/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "stderr 1" }));
    expect(region()).not.toHaveTextContent("working");
    await user.click(screen.getByRole("button", { name: "Wrap long lines" }));
    expect(region()).toHaveTextContent("broken");
  });

  it("says where the time went", async () => {
    const { tab } = await show({
      status: "success",
      cold: true,
      kind: "nodejs:20",
      timing: { waitMs: 1, initMs: 48, runMs: 3, networkMs: null },
    });
    await tab("Timing");
    expect(screen.getByText("Cold start: 48 ms of 52 ms were spent starting Node.js.")).toBeInTheDocument();
  });

  it("reads the raw record only when it is looked at", async () => {
    panel.handlers.activation = ({ id }) => ({ activation: sampleRun(1), raw: `{"activationId":"${id}"}` });
    const { tab } = await show({});
    const asked = () => panel.calls.filter(({ command }) => command === "activation").length;
    expect(asked()).toBe(0);
    await tab("Raw");
    await waitFor(() => expect(asked()).toBe(1));
    expect(await screen.findByTestId("raw")).toHaveTextContent("activationId");
  });
});

describe("a run that a provider has accepted", () => {
  const inFlight = { status: "polling", result: null, end: null, durationMs: null, connection: "c" } as const;

  it("is waited for on request, until its record is there", async () => {
    let answer: (over: Partial<Activation>) => void = () => undefined;
    panel.handlers.wait_for = () =>
      new Promise((resolve) => {
        answer = (over) => resolve({ activation: sampleRun(1, over), raw: null });
      });
    const { user } = await show({ ...inFlight, start: Date.now() - 125_000 });
    expect(screen.getByText("2 min ago")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Wait for it" }));
    expect(await screen.findByText(/Looking for its record often now/)).toBeInTheDocument();
    answer(inFlight);
    expect(await screen.findByText(/There is no record yet/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Wait again" }));
    await user.click(await screen.findByRole("button", { name: "Cancel waiting" }));
    expect(screen.getByRole("button", { name: "Wait for it" })).toBeInTheDocument();
  });

  it("takes a missing record for a pending one, and says what else goes wrong", async () => {
    panel.handlers.wait_for = () => {
      throw fail("not_found", "The requested resource does not exist.");
    };
    const { user } = await show(inFlight);
    await user.click(screen.getByRole("button", { name: "Wait for it" }));
    expect(await screen.findByText(/There is no record yet/)).toBeInTheDocument();
    expect(screen.queryByText("The requested resource does not exist.")).not.toBeInTheDocument();
    panel.handlers.wait_for = () => {
      throw fail("unreachable", "The API host does not answer.");
    };
    await user.click(screen.getByRole("button", { name: "Wait again" }));
    expect(await screen.findByText("The API host does not answer.")).toBeInTheDocument();
  });
});
