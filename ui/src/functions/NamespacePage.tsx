import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Pencil, Plus, RotateCw, SquareFunction, Tag, Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import {
  useConnections,
  useEntities,
  useFunctions,
  useNamespaces,
  useScheduledTriggers,
  useSpaceTriggers,
} from "@/api/queries";
import type { NamespaceTab } from "@/app/router";
import { useShell } from "@/app/ui-state";
import { EntityTab } from "@/entities/EntityTab";
import { EventTriggersTab } from "@/entities/EventTriggersTab";
import { PackagesTab } from "@/entities/PackagesTab";
import { RulesTab } from "@/entities/RulesTab";
import { ScheduledTriggerDialog } from "@/entities/ScheduledTriggerDialog";
import { ScheduledTriggersTab } from "@/entities/ScheduledTriggersTab";
import { SpaceTriggerDialog } from "@/triggers/space/SpaceTriggerDialog";
import { SpaceTriggersTab } from "@/triggers/space/SpaceTriggersTab";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { type TabItem, Tabs } from "@/ui/Tabs";
import { Breadcrumbs } from "./Breadcrumbs";
import { DeleteNamespaceDialog } from "./DeleteNamespaceDialog";
import { FunctionTable } from "./FunctionTable";
import { NamespaceLabelsDialog } from "./NamespaceLabelsDialog";
import { NamespaceSecretDialog } from "./NamespaceSecretDialog";
import { NamespaceSecrets } from "./NamespaceSecrets";
import { RenameNamespaceDialog } from "./RenameNamespaceDialog";

const NEW: Record<NamespaceTab, string> = {
  functions: "New function",
  packages: "New package",
  schedules: "New schedule",
  triggers: "New trigger",
  rules: "New rule",
  "space-triggers": "New trigger",
  secrets: "New secret",
};

export function NamespacePage() {
  const { connection, namespace } = useParams({ from: "/c/$connection/ns/$namespace" });
  return <Page key={`${connection}/${namespace}`} connectionId={connection} name={namespace} />;
}

function Page({ connectionId, name }: { connectionId: string; name: string }) {
  const { tab: asked = "functions" } = useSearch({ from: "/c/$connection/ns/$namespace" });
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/c/$connection/ns/$namespace" });
  const show = useShell((shell) => shell.show);
  const connection = useConnections().data?.find(({ id }) => id === connectionId);
  const namespaces = useNamespaces(connectionId);
  const functions = useFunctions(connectionId);
  const [dialog, setDialog] = useState<
    "rename" | "labels" | "delete" | "schedule" | "secret" | "space-trigger" | null
  >(null);

  // They are the account's: a key of the namespace does not reach them.
  const scheduled = connection?.account != null && connection.accountNamespace === name;
  const schedules = useScheduledTriggers(connectionId, { enabled: scheduled });

  const namespace = namespaces.data?.find((each) => each.name === name);
  const has = connection?.capabilities;
  const entities = useEntities(connectionId, name, namespace !== undefined && has?.entities === true);
  const local = connection?.kind === "local";
  const spaces = useSpaceTriggers(connectionId, name, namespace !== undefined && has?.spaceTriggers === true);
  // Functions here have triggers of their own: those of Spaces' clients are shown where there are some.
  const spaceTriggers =
    has?.spaceTriggers === true &&
    (!local || (spaces.data === undefined ? asked === "space-triggers" : spaces.data.length > 0));
  const there: Record<NamespaceTab, boolean> = {
    functions: true,
    packages: has?.entities ?? true,
    schedules: connection === undefined || scheduled,
    triggers: has?.entities ?? true,
    rules: has?.entities ?? true,
    "space-triggers": connection === undefined || spaceTriggers,
    secrets: has?.secrets ?? true,
  };
  // Another connection's page may have been left at a tab that this one has not.
  const tab = there[asked] ? asked : "functions";
  const rows = functions.data?.filter((f) => f.namespace === name);
  const error = namespaces.error ?? functions.error;
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      onClick={() => {
        if (tab === "schedules") setDialog("schedule");
        else if (tab === "secrets") setDialog("secret");
        else if (tab === "space-triggers") setDialog("space-trigger");
        else if (tab === "functions") {
          show({ type: "new-function", connection: connectionId, namespace: name });
        } else show({ type: "new-entity", collection: tab, connection: connectionId, namespace: name });
      }}
    >
      {NEW[tab]}
    </Button>
  );

  if (error && rows === undefined) {
    return (
      <ErrorState
        page
        error={error}
        onRetry={() => {
          void namespaces.refetch();
          void functions.refetch();
        }}
      />
    );
  }
  if (namespaces.data && !namespace) {
    return (
      <EmptyState page title={`There is no namespace '${name}' here`}>
        It may have been deleted, or the key of this connection does not reach it.
      </EmptyState>
    );
  }

  function refresh() {
    void client.invalidateQueries({ queryKey: keys.namespaces(connectionId) });
    void client.invalidateQueries({ queryKey: keys.functions(connectionId) });
    void client.invalidateQueries({ queryKey: keys.entitiesOf(connectionId) });
    void client.invalidateQueries({ queryKey: keys.scheduledTriggers(connectionId) });
    void client.invalidateQueries({ queryKey: keys.spaceTriggersOf(connectionId) });
    void client.invalidateQueries({ queryKey: keys.namespaceSecrets(connectionId, name) });
  }

  const all = entities.data;
  const items: TabItem<NamespaceTab>[] = [
    {
      id: "functions",
      label: <Counted text="Functions" count={rows?.length} />,
      panel:
        rows === undefined ? (
          <Skeleton rows={6} className="px-6 pt-4" />
        ) : rows.length === 0 ? (
          <EmptyState
            icon={<SquareFunction size={24} aria-hidden />}
            title="No functions yet"
            action={create}
          >
            {has?.deployments
              ? "The gateway lists none in this namespace. Deploy an image, here or with faas-cli."
              : local
                ? "Create one from a template; it runs at once."
                : "The provider lists none in this namespace. Create one from a template, or deploy a project."}
          </EmptyState>
        ) : (
          has && <FunctionTable connection={connectionId} has={has} functions={rows} />
        ),
    },
  ];
  if (connection && has?.entities) {
    items.push({
      id: "packages",
      label: <Counted text="Packages" count={all?.packages.length} />,
      panel: (
        <EntityTab query={entities}>
          {({ packages }) => (
            <PackagesTab connection={connection} namespace={name} packages={packages} create={create} />
          )}
        </EntityTab>
      ),
    });
    if (scheduled) {
      items.push({
        id: "schedules",
        label: <Counted text="Schedules" count={schedules.data?.length} />,
        panel: <ScheduledTriggersTab connection={connection} namespace={name} create={create} />,
      });
    }
    items.push(
      {
        id: "triggers",
        label: <Counted text="Triggers" count={all?.triggers.length} />,
        panel: (
          <EntityTab query={entities}>
            {({ triggers }) => (
              <EventTriggersTab
                connection={connection}
                namespace={name}
                triggers={triggers}
                create={create}
              />
            )}
          </EntityTab>
        ),
      },
      {
        id: "rules",
        label: <Counted text="Rules" count={all?.rules.length} />,
        panel: (
          <EntityTab query={entities}>
            {(every) => (
              <RulesTab connection={connection} namespace={name} entities={every} create={create} />
            )}
          </EntityTab>
        ),
      },
    );
  }

  if (connection && spaceTriggers) {
    items.push({
      id: "space-triggers",
      label: <Counted text={local ? "Spaces triggers" : "Triggers"} count={spaces.data?.length} />,
      panel: <SpaceTriggersTab connection={connection} namespace={name} create={create} />,
    });
  }
  if (has?.secrets) {
    items.push({
      id: "secrets",
      label: "Secrets",
      panel: <NamespaceSecrets connection={connectionId} namespace={name} create={create} />,
    });
  }

  return (
    <>
      <PageHeader
        above={<Breadcrumbs connection={connection} />}
        title={namespace?.label || name}
        description={
          // The name for clients, where people have another one for it.
          namespace?.label && namespace.label !== name ? (
            <span className="font-mono text-sm">{name}</span>
          ) : undefined
        }
        actions={
          <>
            {local ? (
              <Button icon={<Pencil size={14} aria-hidden />} onClick={() => setDialog("rename")}>
                Rename
              </Button>
            ) : (
              <IconButton
                label="Read again from the provider"
                icon={<RotateCw size={14} aria-hidden />}
                onClick={refresh}
              />
            )}
            {has?.namespaceMetadata && (
              <Button icon={<Tag size={14} aria-hidden />} onClick={() => setDialog("labels")}>
                Labels
              </Button>
            )}
            {has?.namespaces && (
              <Button
                variant="danger-quiet"
                icon={<Trash2 size={14} aria-hidden />}
                onClick={() => setDialog("delete")}
              >
                Delete
              </Button>
            )}
            {connection && (tab !== "schedules" || schedules.data !== undefined) && create}
          </>
        }
      />
      <Tabs
        label="Parts of the namespace"
        value={tab}
        onChange={(next) => void navigate({ search: { tab: next === "functions" ? undefined : next } })}
        items={items}
        className="flex-1"
        panelClassName="overflow-y-auto"
      />
      {dialog === "rename" && namespace && (
        <RenameNamespaceDialog namespace={namespace} onClose={() => setDialog(null)} />
      )}
      {dialog === "labels" && (
        <NamespaceLabelsDialog connection={connectionId} namespace={name} onClose={() => setDialog(null)} />
      )}
      {dialog === "schedule" && (
        <ScheduledTriggerDialog connection={connectionId} namespace={name} onClose={() => setDialog(null)} />
      )}
      {dialog === "space-trigger" && (
        <SpaceTriggerDialog connection={connectionId} namespace={name} onClose={() => setDialog(null)} />
      )}
      {dialog === "secret" && (
        <NamespaceSecretDialog connection={connectionId} namespace={name} onClose={() => setDialog(null)} />
      )}
      {dialog === "delete" && (
        <DeleteNamespaceDialog
          connection={connectionId}
          name={name}
          functions={rows?.length ?? 0}
          onClose={() => setDialog(null)}
        />
      )}
    </>
  );
}

function Counted({ text, count }: { text: string; count: number | undefined }) {
  return (
    <>
      {text}
      {count !== undefined && <span className="ml-1.5 text-sm text-subtle tabular-nums">{count}</span>}
    </>
  );
}
