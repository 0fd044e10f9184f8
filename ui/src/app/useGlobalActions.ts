import { useNavigate, useParams } from "@tanstack/react-router";
import type { Collection } from "@/platform";
import { type Action, useActions } from "./actions";
import { usePrefs } from "./prefs";
import { useShell, useSidebar } from "./ui-state";

/** What can be done from everywhere. */
export function useGlobalActions(): void {
  const navigate = useNavigate();
  const show = useShell((shell) => shell.show);
  const place = useParams({ strict: false });
  const chosen = useSidebar((sidebar) => sidebar.connection);
  // Where the person is; elsewhere the dialog asks for the namespace.
  const newEntity = (collection: Collection) =>
    show({
      type: "new-entity",
      collection,
      connection: place.connection ?? chosen,
      namespace: place.connection === undefined ? undefined : place.namespace,
    });
  const setPrefs = usePrefs((prefs) => prefs.set);
  const actions: Action[] = [
    {
      id: "palette",
      title: "Search everything",
      section: "General",
      keys: "$mod+k",
      keysOnly: true,
      run: () => show({ type: "palette" }),
    },
    {
      id: "keys",
      title: "Show all keys",
      section: "General",
      keys: "?",
      run: () => show({ type: "keys" }),
    },
    {
      id: "go-first",
      title: "Go to the last function",
      section: "Go to",
      keys: "g f",
      run: () => void navigate({ to: "/" }),
    },
    {
      id: "go-activations",
      title: "Go to Activations",
      section: "Go to",
      keys: "g a",
      run: () => void navigate({ to: "/activations" }),
    },
    {
      id: "go-deliveries",
      title: "Go to Deliveries",
      section: "Go to",
      keys: "g d",
      run: () => void navigate({ to: "/deliveries", search: {} }),
    },
    {
      id: "go-inboxes",
      title: "Go to Inboxes",
      section: "Go to",
      keys: "g i",
      run: () => void navigate({ to: "/inboxes", search: {} }),
    },
    {
      id: "go-engine",
      title: "Go to Engine",
      section: "Go to",
      keys: "g e",
      run: () => void navigate({ to: "/engine" }),
    },
    {
      id: "go-tokens",
      title: "Go to Tokens",
      section: "Go to",
      keys: "g t",
      run: () => void navigate({ to: "/tokens" }),
    },
    {
      id: "go-connections",
      title: "Go to Connections",
      section: "Go to",
      keys: "g c",
      run: () => void navigate({ to: "/connections" }),
    },
    {
      id: "go-settings",
      title: "Go to Settings",
      section: "Go to",
      keys: "g s",
      run: () => void navigate({ to: "/settings" }),
    },
    {
      id: "new-function",
      title: "New function",
      section: "Create",
      run: () =>
        show({
          type: "new-function",
          connection: place.connection ?? chosen,
          namespace: place.connection === undefined ? undefined : place.namespace,
        }),
    },
    { id: "new-package", title: "New package", section: "Create", run: () => newEntity("packages") },
    {
      id: "new-event-trigger",
      title: "New event trigger",
      section: "Create",
      run: () => newEntity("triggers"),
    },
    { id: "new-rule", title: "New rule", section: "Create", run: () => newEntity("rules") },
    {
      id: "open-project",
      title: "Open project…",
      section: "Create",
      run: () => show({ type: "open-project", connection: place.connection ?? chosen }),
    },
    {
      id: "new-namespace",
      title: "New namespace",
      section: "Create",
      run: () => show({ type: "new-namespace" }),
    },
    {
      id: "new-inbox",
      title: "New callback inbox",
      section: "Create",
      run: () => show({ type: "new-inbox" }),
    },
    { id: "new-token", title: "New token", section: "Create", run: () => show({ type: "new-token" }) },
    {
      id: "add-connection",
      title: "Add connection",
      section: "Create",
      run: () => show({ type: "add-connection" }),
    },
    {
      id: "theme-light",
      title: "Light theme",
      section: "Appearance",
      run: () => setPrefs({ theme: "light" }),
    },
    { id: "theme-dark", title: "Dark theme", section: "Appearance", run: () => setPrefs({ theme: "dark" }) },
    {
      id: "theme-system",
      title: "Theme of the system",
      section: "Appearance",
      run: () => setPrefs({ theme: "system" }),
    },
  ];
  useActions(actions);
}
