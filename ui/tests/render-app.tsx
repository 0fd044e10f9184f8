import { render } from "@testing-library/react";
import { App } from "@/app/App";
import { useShell } from "@/app/ui-state";
import { useSessions } from "@/invoke/session";
import { replaceTransport } from "@/platform";
import { FixturePanel } from "./fixtures/panel";

/** The whole window at an address, over a panel in memory. */
export function renderApp(path: string, prepare: (panel: FixturePanel) => void = () => undefined) {
  const panel = new FixturePanel();
  prepare(panel);
  replaceTransport(panel);
  useSessions.setState({ byFunction: {} });
  useShell.setState({ dialog: null, storeBannerHidden: false, hiddenFailures: {} });
  localStorage.clear();
  window.history.replaceState(null, "", path);
  return { panel, ...render(<App />) };
}
