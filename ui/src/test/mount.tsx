import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { createQueryClient } from "@/api/client";
import { Dialogs } from "@/app/Dialogs";
import { useShell } from "@/app/ui-state";
import { replaceTransport } from "@/platform";
import { TooltipProvider } from "@/ui/Tooltip";
import { FixturePanel } from "../../tests/fixtures/panel";

/** Shows a part of the window over a panel in memory, with the dialogs that it can open. */
export function mount(children: ReactNode, prepare: (panel: FixturePanel) => void = () => undefined) {
  const panel = new FixturePanel();
  prepare(panel);
  replaceTransport(panel);
  useShell.setState({ dialog: null });
  const client = createQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const view = render(
    <QueryClientProvider client={client}>
      <TooltipProvider>
        {children}
        <Dialogs />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  const sent = (command: string) =>
    panel.calls.filter((call) => call.command === command).map(({ args }) => args);
  return { ...view, panel, client, sent, user: userEvent.setup() };
}
