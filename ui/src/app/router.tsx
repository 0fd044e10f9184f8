import {
  createBrowserHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";
import { FirstPage } from "@/functions/FirstPage";
import { FunctionPage } from "@/functions/FunctionPage";
import { NotFound } from "./NotFound";
import { PageError } from "./PageError";
import { Shell } from "./Shell";

export const FUNCTION_TABS = [
  "overview",
  "code",
  "invoke",
  "activations",
  "logs",
  "triggers",
  "settings",
] as const;
export type FunctionTab = (typeof FUNCTION_TABS)[number];

export const NAMESPACE_TABS = [
  "functions",
  "packages",
  "schedules",
  "triggers",
  "rules",
  "space-triggers",
  "secrets",
] as const;
export type NamespaceTab = (typeof NAMESPACE_TABS)[number];

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const firstRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: FirstPage });

const namespaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/c/$connection/ns/$namespace",
  component: lazyRouteComponent(() => import("@/functions/NamespacePage"), "NamespacePage"),
  validateSearch: (search): { tab?: NamespaceTab } => ({
    tab: NAMESPACE_TABS.find((tab) => tab === search.tab),
  }),
});

const functionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/c/$connection/ns/$namespace/fn/$",
  component: FunctionPage,
  // `q` and `id` belong to the scoped log of the Activations tab.
  validateSearch: (search): { tab?: FunctionTab; q?: string; id?: string } => ({
    tab: FUNCTION_TABS.find((tab) => tab === search.tab),
    q: text(search.q),
    id: text(search.id),
  }),
});

const activationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/activations",
  component: lazyRouteComponent(() => import("./ActivationsPage"), "ActivationsPage"),
  validateSearch: (search): { q?: string; id?: string } => ({ q: text(search.q), id: text(search.id) }),
});

const connectionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/connections",
  component: lazyRouteComponent(() => import("@/connections/ConnectionsPage"), "ConnectionsPage"),
});

const tokensRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/tokens",
  component: lazyRouteComponent(() => import("@/tokens/TokensPage"), "TokensPage"),
});

const engineRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/engine",
  component: lazyRouteComponent(() => import("@/engine/EnginePage"), "EnginePage"),
});

const deliveriesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/deliveries",
  component: lazyRouteComponent(() => import("@/deliveries/DeliveriesPage"), "DeliveriesPage"),
  validateSearch: (search): { state?: string } => ({ state: text(search.state) }),
});

const inboxesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/inboxes",
  component: lazyRouteComponent(() => import("@/inboxes/InboxesPage"), "InboxesPage"),
  validateSearch: (search): { id?: string } => ({ id: text(search.id) }),
});

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/settings/SettingsPage"), "SettingsPage"),
});

const routeTree = rootRoute.addChildren([
  firstRoute,
  namespaceRoute,
  functionRoute,
  activationsRoute,
  deliveriesRoute,
  inboxesRoute,
  engineRoute,
  connectionsRoute,
  tokensRoute,
  settingsRoute,
]);

/** Search values stay the text that they are: `?q=status:error`, not JSON. */
function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === "string" && value !== "") params.set(key, value);
  }
  const result = params.toString();
  return result === "" ? "" : `?${result}`;
}

export function makeRouter(history: RouterHistory = createBrowserHistory()) {
  return createRouter({
    routeTree,
    history,
    parseSearch,
    stringifySearch,
    defaultErrorComponent: PageError,
    scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
