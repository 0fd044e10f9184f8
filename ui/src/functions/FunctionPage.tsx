import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useState } from "react";
import { useConnections, useFunction } from "@/api/queries";
import type { FunctionTab } from "@/app/router";
import { InvokePane } from "@/invoke/InvokePane";
import { type FunctionDetail, type FunctionRef, toCallError } from "@/platform";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { type TabItem, Tabs } from "@/ui/Tabs";
import { CodeTab } from "./code/CodeTab";
import { FunctionHeader } from "./FunctionHeader";
import { OverviewTab } from "./OverviewTab";
import { UnsavedGuard } from "./UnsavedGuard";

const ActivationsView = lazy(async () => ({ default: (await import("@/activations")).ActivationsView }));
const DeploymentTab = lazy(async () => ({
  default: (await import("@/deployments/DeploymentTab")).DeploymentTab,
}));
const LogsTab = lazy(async () => ({ default: (await import("@/logs/LogsTab")).LogsTab }));
const TriggersTab = lazy(async () => ({ default: (await import("@/triggers/TriggersTab")).TriggersTab }));
const SettingsTab = lazy(async () => ({ default: (await import("./settings/SettingsTab")).SettingsTab }));

export function FunctionPage() {
  const {
    connection,
    namespace,
    _splat: name = "",
  } = useParams({ from: "/c/$connection/ns/$namespace/fn/$" });
  return <Loaded key={`${connection}/${namespace}/${name}`} target={{ connection, namespace, name }} />;
}

function Loaded({ target }: { target: FunctionRef }) {
  const detail = useFunction(target);
  if (detail.data) return <Page target={target} detail={detail.data} />;
  if (detail.isError) {
    const gone = toCallError(detail.error).code === "not_found";
    return (
      <ErrorState
        page
        error={detail.error}
        onRetry={gone ? undefined : () => void detail.refetch()}
        action={
          <Link
            to="/c/$connection/ns/$namespace"
            params={{ connection: target.connection, namespace: target.namespace }}
            className="link px-2"
          >
            All functions of {target.namespace}
          </Link>
        }
      />
    );
  }
  return <Skeleton className="p-6" />;
}

export type Unsaved = "code" | "settings";

function Page({ target, detail }: { target: FunctionRef; detail: FunctionDetail }) {
  const { tab: asked = "invoke" } = useSearch({ from: "/c/$connection/ns/$namespace/fn/$" });
  const { image } = detail;
  const navigate = useNavigate({ from: "/c/$connection/ns/$namespace/fn/$" });
  const connection = useConnections().data?.find(({ id }) => id === target.connection);
  const logs = connection?.capabilities.logs === true;
  // An image's code is not here, not every system has logs apart from runs, and schedules are this engine's.
  const missing =
    (asked === "code" && image !== null) ||
    (asked === "logs" && !logs) ||
    (asked === "triggers" && target.connection !== "local");
  const tab = missing ? "overview" : asked;
  const [unsaved, setUnsaved] = useState<Readonly<Record<Unsaved, boolean>>>({
    code: false,
    settings: false,
  });
  const mark = useCallback(
    (what: Unsaved, value: boolean) =>
      setUnsaved((before) => (before[what] === value ? before : { ...before, [what]: value })),
    [],
  );
  const onCodeChange = useCallback((value: boolean) => mark("code", value), [mark]);
  const onSettingsChange = useCallback((value: boolean) => mark("settings", value), [mark]);

  const items: TabItem<FunctionTab>[] = [
    { id: "overview", label: "Overview", panel: <OverviewTab target={target} detail={detail} /> },
    ...(image === null
      ? [
          {
            id: "code" as const,
            label: <TabLabel text="Code" unsaved={unsaved.code} />,
            keep: unsaved.code,
            panel: (
              <CodeTab target={target} detail={detail} active={tab === "code"} onUnsaved={onCodeChange} />
            ),
          },
        ]
      : []),
    {
      id: "invoke",
      label: "Invoke",
      panel: <InvokePane target={target} detail={detail} connection={connection} />,
    },
    {
      id: "activations",
      label: "Activations",
      panel: (
        <Suspense fallback={<Skeleton className="p-6" />}>
          <ActivationsView scope={target} />
        </Suspense>
      ),
    },
    ...(logs
      ? [
          {
            id: "logs" as const,
            label: "Logs",
            panel: (
              <Suspense fallback={<Skeleton className="p-6" />}>
                <LogsTab target={target} />
              </Suspense>
            ),
          },
        ]
      : []),
    ...(target.connection === "local"
      ? [
          {
            id: "triggers" as const,
            label: "Triggers",
            panel: (
              <Suspense fallback={<Skeleton className="p-6" />}>
                <TriggersTab target={target} speaksHttp={detail.speaksHttp} />
              </Suspense>
            ),
          },
        ]
      : []),
    {
      id: "settings",
      label: <TabLabel text={image === null ? "Settings" : "Deployment"} unsaved={unsaved.settings} />,
      keep: unsaved.settings,
      panel: (
        <Suspense fallback={<Skeleton className="p-6" />}>
          {image === null ? (
            <SettingsTab
              target={target}
              detail={detail}
              active={tab === "settings"}
              onUnsaved={onSettingsChange}
            />
          ) : (
            <DeploymentTab
              target={target}
              image={image}
              readiness={detail.readiness}
              onUnsaved={onSettingsChange}
            />
          )}
        </Suspense>
      ),
    },
  ];

  return (
    <>
      <FunctionHeader target={target} detail={detail} connection={connection} />
      <Tabs
        label="Parts of the function"
        value={tab}
        onChange={(next) => void navigate({ search: { tab: next } })}
        items={items}
        className="flex-1"
        panelClassName="overflow-y-auto"
      />
      <UnsavedGuard what={unsaved} />
    </>
  );
}

function TabLabel({ text, unsaved }: { text: string; unsaved: boolean }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      {text}
      {unsaved && (
        <>
          <span className="size-1.5 rounded-full bg-warn" aria-hidden />
          <span className="sr-only">(unsaved)</span>
        </>
      )}
    </span>
  );
}
