import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Action, useActionKeys, useActions, useRegistry } from "./actions";
import { usePrefs } from "./prefs";

function Keys() {
  useActionKeys();
  return <input aria-label="field" />;
}

function Page({ actions }: { actions: Action[] }) {
  useActions(actions);
  return null;
}

const action = (over: Partial<Action>): Action => ({ id: "a", title: "A", section: "S", ...over });
const press = (key: string, more: KeyboardEventInit = {}, target: Element = document.body) =>
  fireEvent.keyDown(target, { key, code: key, ...more });

beforeEach(() => usePrefs.setState({ letterKeys: true }));
afterEach(() => document.querySelector('[role="dialog"]')?.remove());

describe("the action registry", () => {
  it("has an action for as long as its page is shown", () => {
    const { unmount } = render(<Page actions={[action({ id: "one" })]} />);
    expect(useRegistry.getState().actions.has("one")).toBe(true);
    unmount();
    expect(useRegistry.getState().actions.has("one")).toBe(false);
  });

  it("runs the newest version of an action", () => {
    const first = vi.fn();
    const second = vi.fn();
    const { rerender } = render(<Page actions={[action({ run: first })]} />);
    rerender(<Page actions={[action({ run: second })]} />);
    useRegistry.getState().actions.get("a")?.run?.();
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledTimes(1);
  });

  it("runs by letters, but not while typing, nor when letters are turned off", () => {
    const run = vi.fn();
    render(
      <>
        <Keys />
        <Page actions={[action({ keys: "x", run })]} />
      </>,
    );
    press("x", {}, screen.getByLabelText("field"));
    expect(run).not.toHaveBeenCalled();
    press("x");
    expect(run).toHaveBeenCalledTimes(1);
    usePrefs.setState({ letterKeys: false });
    press("x");
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("runs by Ctrl keys in fields too, and keeps the browser from its own", () => {
    const run = vi.fn();
    render(
      <>
        <Keys />
        <Page actions={[action({ keys: "$mod+s", run })]} />
      </>,
    );
    const passed = press("s", { ctrlKey: true }, screen.getByLabelText("field"));
    expect(run).toHaveBeenCalledTimes(1);
    expect(passed).toBe(false);
  });

  it("leaves the keys to a dialog while one is open", () => {
    const run = vi.fn();
    render(
      <>
        <Keys />
        <Page actions={[action({ keys: "$mod+s", run })]} />
      </>,
    );
    const dialog = document.createElement("div");
    dialog.setAttribute("role", "dialog");
    document.body.append(dialog);
    press("s", { ctrlKey: true });
    expect(run).not.toHaveBeenCalled();
  });

  it("takes a question mark with and without Shift", () => {
    const run = vi.fn();
    render(
      <>
        <Keys />
        <Page actions={[action({ keys: "?", run })]} />
      </>,
    );
    press("?", { shiftKey: true });
    press("?");
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("gives the key of an action that is only listed to nobody", () => {
    render(
      <>
        <Keys />
        <Page actions={[action({ keys: "j" })]} />
      </>,
    );
    expect(press("j")).toBe(true);
  });
});
