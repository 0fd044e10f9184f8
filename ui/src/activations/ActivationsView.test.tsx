import { act, configure, screen, waitFor, within } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ActivationSummary, replaceTransport, type Term } from "@/platform";
import { FixturePanel, fail } from "../../tests/fixtures/panel";
import { sampleRun, summaryOf } from "../../tests/fixtures/samples";
import { ActivationsView } from "./ActivationsView";
import { Journal, row } from "./core/testRows";
import { renderPage } from "./testPage";

// Machines that run these tests are often loaded.
configure({ asyncUtilTimeout: 10_000 });

let panel: FixturePanel;
let journal: Journal;
let user: UserEvent;
let stop: () => void;

const STATUSES: Partial<Record<number, ActivationSummary["status"]>> = {
  45: "timed_out",
  30: "application_error",
};

beforeEach(() => {
  localStorage.clear();
  panel = new FixturePanel();
  journal = new Journal();
  user = userEvent.setup();
  journal.put(...Array.from({ length: 50 }, (_, n) => row(n, { status: STATUSES[n] ?? "success" })));
  journal.matches = (filter, run) =>
    !filter.includes("nothing") && (!filter.includes("status:error") || run.status !== "success");
  panel.handlers.activations = (args) => journal.activations(args);
  panel.handlers.count_activations = ({ filter }) => ({
    count: journal.rows.filter((run) => journal.matches(filter, run)).length,
    capped: false,
  });
  panel.handlers.activation = ({ id }) => {
    const activation = sampleRun(1, { ...journal.rows.find((r) => r.id === id), id });
    const { connection, namespace, function: name } = activation;
    return { activation, raw: "{}", of: "function", page: { connection, namespace, name }, target: null };
  };
  replaceTransport(panel);
});

afterEach(() => stop());

async function open(at?: string) {
  const page = renderPage(<ActivationsView />, at);
  stop = page.stop;
  await screen.findByTestId("activations");
  await waitFor(() => expect(screen.getByTestId("activations")).not.toHaveAttribute("aria-busy", "true"));
  return page;
}

const grid = () => screen.getByTestId("activations");
const runs = () => within(grid()).getAllByTestId("activation-row");
const selected = () =>
  runs().find((each) => each.getAttribute("aria-selected") === "true")?.dataset.run ?? null;
const filter = () => screen.getByRole("searchbox", { name: "Filter activations" });

async function press(keys: string) {
  if (!grid().contains(document.activeElement)) act(() => grid().focus());
  await user.keyboard(keys);
}

it("shows what is in flight at one press, and all at another", async () => {
  const { router } = await open("/activations?q=fn:hello");
  const toggle = screen.getByRole("button", { name: "In flight" });
  await user.click(toggle);
  expect(filter()).toHaveValue("fn:hello status:pending");
  expect(toggle).toHaveAttribute("aria-pressed", "true");
  await waitFor(() => expect(router.state.location.search).toMatchObject({ q: "fn:hello status:pending" }));
  await user.click(toggle);
  expect(filter()).toHaveValue("fn:hello");
});

describe("the grid", () => {
  it("draws a window of the rows and says how many there are", async () => {
    journal.put(...Array.from({ length: 150 }, (_, n) => row(1000 + n)));
    await open();
    await waitFor(() => expect(grid()).toHaveAttribute("aria-rowcount", "201"));
    expect(runs().length).toBeLessThan(60);
    expect(runs()[0]).toHaveAttribute("aria-rowindex", "2");
    expect(runs()[0]).toHaveAttribute("data-run", row(1149).id);
    expect(screen.getByTestId("match-count")).toHaveTextContent("200 runs");
  });

  it("moves with j, k, the arrows, g and G, and keeps one row in the tab order", async () => {
    await open();
    await press("jj");
    expect(selected()).toBe(row(48).id);
    expect(document.activeElement).toHaveAttribute("data-run", row(48).id);
    await press("k{ArrowDown}{ArrowDown}");
    expect(selected()).toBe(row(47).id);
    await press("G");
    expect(selected()).toBe(row(0).id);
    await press("g");
    expect(selected()).toBe(row(49).id);
    expect(runs().filter((each) => each.tabIndex === 0)).toHaveLength(1);
    expect(grid().tabIndex).toBe(-1);
  });

  it("opens in place with Enter; Esc closes the record, then clears the selection", async () => {
    const { router } = await open();
    await press("j{Enter}");
    expect(await screen.findByTestId("record-panel")).toBeInTheDocument();
    await waitFor(() => expect(router.state.location.search).toEqual({ id: row(49).id }));
    await press("{Escape}");
    expect(screen.queryByTestId("record-panel")).toBeNull();
    expect(selected()).toBe(row(49).id);
    await press("{Escape}");
    expect(selected()).toBeNull();
    expect(document.activeElement).toBe(grid());
  });

  it("returns to the row from inside the record with Esc", async () => {
    await open();
    await press("j ");
    await user.click(await screen.findByRole("tab", { name: "Timing" }));
    await user.keyboard("{Escape}");
    expect(screen.queryByTestId("record-panel")).toBeNull();
    await waitFor(() => expect(document.activeElement).toHaveAttribute("data-run", row(49).id));
  });

  it("opens with the button, too", async () => {
    await open();
    await user.click(screen.getAllByTestId("expand-row")[2] as HTMLElement);
    expect(await screen.findByTestId("record-panel")).toBeInTheDocument();
    expect(selected()).toBe(row(47).id);
  });

  it("jumps between errors with [ and ]", async () => {
    await open();
    await press("]");
    expect(selected()).toBe(row(45).id);
    await press("]");
    expect(selected()).toBe(row(30).id);
    await press("[[");
    expect(selected()).toBe(row(45).id);
  });

  it("edits the filter with e and f, and goes to it with /", async () => {
    await open();
    await press("e");
    expect(filter()).toHaveValue("status:error");
    await waitFor(() => expect(runs()).toHaveLength(2));
    await press("e");
    expect(filter()).toHaveValue("");
    await waitFor(() => expect(runs().length).toBeGreaterThan(2));
    await press("jf");
    expect(filter()).toHaveValue("fn:hello");
    await press("/");
    expect(document.activeElement).toBe(filter());
  });

  it("leaves letters alone that are typed into the filter", async () => {
    await open();
    await user.type(filter(), "jek");
    expect(filter()).toHaveValue("jek");
    await user.clear(filter());
    await waitFor(() => expect(runs().length).toBeGreaterThan(2));
    expect(selected()).toBeNull();
  });

  it("copies the id with y", async () => {
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await open();
    await press("jy");
    await waitFor(() => expect(write).toHaveBeenCalledWith(row(49).id));
  });

  it("runs again with the same input with r", async () => {
    await open();
    await press("jr");
    await waitFor(() => expect(panel.calls.some(({ command }) => command === "invoke")).toBe(true));
    const call = panel.calls.find(({ command }) => command === "invoke");
    expect(call?.args).toMatchObject({ rerunOf: row(49).id, mode: "blocking", function: { name: "hello" } });
  });
});

describe("live", () => {
  const appear = (n: number) => {
    journal.put(row(n));
    act(() => panel.emit({ type: "activations", rows: [row(n)] }));
  };

  it("lets a run in while nobody reads", async () => {
    await open();
    appear(60);
    await waitFor(() => expect(runs()[0]).toHaveAttribute("data-run", row(60).id));
  });

  it("keeps it above while a row is selected, and lets it in with n", async () => {
    await open();
    await press("j");
    appear(60);
    expect(await screen.findByTestId("new-runs")).toHaveTextContent("1 new");
    expect(runs()[0]).toHaveAttribute("data-run", row(49).id);
    await press("n");
    expect(runs()[0]).toHaveAttribute("data-run", row(60).id);
    expect(screen.queryByTestId("new-runs")).toBeNull();
  });

  it("lets the first match of an empty list in, whatever was selected before", async () => {
    await open();
    await press("j");
    await user.type(filter(), "nothing");
    await screen.findByText("The filter excludes every run");
    journal.matches = (_, run) => run.id === row(61).id;
    appear(61);
    expect(await screen.findByTestId("activation-row")).toHaveAttribute("data-run", row(61).id);
  });

  it("changes a row in its place", async () => {
    await open();
    await press("j");
    act(() => panel.emit({ type: "activations", rows: [row(48, { status: "lost", httpStatus: 502 })] }));
    await waitFor(() => expect(runs()[1]).toHaveAttribute("data-status", "lost"));
    expect(runs()[1]).toHaveTextContent("502");
  });
});

describe("the filter", () => {
  it("comes from the address and goes back to it", async () => {
    const { router } = await open("/activations?q=status%3Aerror");
    expect(filter()).toHaveValue("status:error");
    expect(runs()).toHaveLength(2);
    await user.selectOptions(screen.getByRole("combobox", { name: "Status" }), "All statuses");
    await waitFor(() => expect(router.state.location.search).toEqual({}));
    await waitFor(() => expect(runs().length).toBeGreaterThan(2));
  });

  it("is edited by the controls beside it", async () => {
    await open();
    await user.click(screen.getByRole("button", { name: "1h, Last hour" }));
    expect(filter()).toHaveValue("from:-1h");
    await user.selectOptions(screen.getByRole("combobox", { name: "Status" }), "All errors");
    expect(filter()).toHaveValue("from:-1h status:error");
    await user.click(screen.getByRole("button", { name: "All, All times" }));
    expect(filter()).toHaveValue("status:error");
    await user.click(screen.getByRole("button", { name: "Clear filter" }));
    expect(filter()).toHaveValue("");
  });

  it("explains a term that is ignored, and takes it out", async () => {
    panel.handlers.parse_filter = ({ text }): Term[] =>
      text.includes("colour:red")
        ? [{ start: 0, end: 10, key: "colour", value: "red", problem: "'colour:' is not a filter." }]
        : [];
    await open();
    await user.type(filter(), "colour:red word");
    expect(await screen.findByText(/'colour:' is not a filter/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Remove colour:red" }));
    expect(filter()).toHaveValue("word");
  });

  it("cannot leave the function of its page, and says so", async () => {
    const page = renderPage(
      <ActivationsView scope={{ connection: "local", namespace: "playground", name: "hello" }} />,
    );
    stop = page.stop;
    await screen.findByTestId("activations");
    await user.type(filter(), "fn:other");
    expect(await screen.findByText(/This page shows only hello/)).toBeInTheDocument();
    await waitFor(() => expect(journal.asked.at(-1)?.filter).toBe("conn:local ns:playground fn:hello"));
  });
});

describe("without rows", () => {
  const openEmpty = (at?: string) => {
    const page = renderPage(<ActivationsView />, at);
    stop = page.stop;
  };

  it("says what would be here when there are no runs", async () => {
    journal.rows = [];
    openEmpty();
    expect(await screen.findByText("No runs yet")).toBeInTheDocument();
  });

  it("says how many the filter excludes, and clears it", async () => {
    openEmpty("/activations?q=nothing");
    await user.click(await screen.findByRole("button", { name: "Show all 50" }));
    expect(filter()).toHaveValue("");
    await waitFor(() => expect(runs().length).toBeGreaterThan(2));
  });

  it("shows a failure with a way to try again", async () => {
    journal.fail = fail("busy", "The journal is busy.");
    openEmpty();
    expect(await screen.findByText("The journal is busy.")).toBeInTheDocument();
    journal.fail = null;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(runs().length).toBeGreaterThan(2));
  });
});

describe("a link to a run", () => {
  it("opens it in the list", async () => {
    await open(`/activations?id=${row(40).id}`);
    const panel = await screen.findByTestId("record-panel");
    expect(grid()).toContainElement(panel);
  });

  it("shows it above the list when it is not among the rows", async () => {
    const other = summaryOf(sampleRun(3)).id;
    await open(`/activations?id=${other}`);
    const section = await screen.findByRole("region", { name: "Linked run" });
    expect(within(section).getAllByText(other).length).toBeGreaterThan(0);
    await user.click(within(section).getByRole("button", { name: "Close linked run" }));
    expect(screen.queryByRole("region", { name: "Linked run" })).toBeNull();
  });
});
