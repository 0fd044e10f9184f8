import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createQueryClient } from "@/api/client";
import { followEvents } from "@/api/events";
import { TooltipProvider } from "@/ui/Tooltip";

/** For tests: one page with an address, the panel's events and nothing around it. */
export function renderPage(page: ReactNode, at = "/activations") {
  const root = createRootRoute({ component: Outlet });
  const route = createRoute({
    getParentRoute: () => root,
    path: "/activations",
    component: () => page,
    validateSearch: (search): { q?: string; id?: string } => search,
  });
  const router = createRouter({
    routeTree: root.addChildren([route]),
    history: createMemoryHistory({ initialEntries: [at] }),
  });
  const client = createQueryClient();
  const stop = new AbortController();
  void followEvents(client, stop.signal);
  const view = render(
    <QueryClientProvider client={client}>
      <TooltipProvider>
        {/* biome-ignore lint/suspicious/noExplicitAny: another router than the one that the types know */}
        <RouterProvider router={router as any} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return { ...view, router, stop: () => stop.abort() };
}
