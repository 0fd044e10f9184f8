import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Pencil, Plus, SquareFunction, Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useConnections, useFunctions, useNamespaces } from "@/api/queries";
import { useShell } from "@/app/ui-state";
import { api } from "@/platform";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { Breadcrumbs } from "./Breadcrumbs";
import { FunctionTable } from "./FunctionTable";
import { RenameNamespaceDialog } from "./RenameNamespaceDialog";

export function NamespacePage() {
  const { connection: connectionId, namespace: name } = useParams({ from: "/c/$connection/ns/$namespace" });
  const client = useQueryClient();
  const navigate = useNavigate();
  const show = useShell((shell) => shell.show);
  const connection = useConnections().data?.find(({ id }) => id === connectionId);
  const namespaces = useNamespaces(connectionId);
  const functions = useFunctions(connectionId);
  const [dialog, setDialog] = useState<"rename" | "delete" | null>(null);

  const namespace = namespaces.data?.find((each) => each.name === name);
  const local = connection?.kind === "local";
  const rows = functions.data?.filter((f) => f.namespace === name);
  const error = namespaces.error ?? functions.error;
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      onClick={() => show({ type: "new-function", connection: connectionId, namespace: name })}
    >
      New function
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
  return (
    <>
      <PageHeader
        above={<Breadcrumbs connection={connection} />}
        title={namespace?.label || name}
        description={
          <>
            <span className="font-mono text-sm">{name}</span>
            {!local &&
              connection &&
              " · read from the provider; create and delete functions with its own tools"}
          </>
        }
        actions={
          local && (
            <>
              <Button icon={<Pencil size={14} aria-hidden />} onClick={() => setDialog("rename")}>
                Rename
              </Button>
              <Button
                variant="danger-quiet"
                icon={<Trash2 size={14} aria-hidden />}
                onClick={() => setDialog("delete")}
              >
                Delete
              </Button>
              {create}
            </>
          )
        }
      />
      {rows === undefined ? (
        <Skeleton rows={6} className="px-6 pt-4" />
      ) : rows.length === 0 ? (
        <EmptyState
          icon={<SquareFunction size={24} aria-hidden />}
          title="No functions yet"
          action={local ? create : undefined}
        >
          {local
            ? "Create one from a template; it runs at once."
            : "The provider lists none in this namespace."}
        </EmptyState>
      ) : (
        <FunctionTable connection={connectionId} functions={rows} />
      )}
      {dialog === "rename" && namespace && (
        <RenameNamespaceDialog namespace={namespace} onClose={() => setDialog(null)} />
      )}
      <ConfirmDialog
        open={dialog === "delete"}
        onOpenChange={() => setDialog(null)}
        title={`Delete the namespace ${name}?`}
        action="Delete namespace"
        typed={name}
        onConfirm={async () => {
          await api.deleteNamespace({ name, confirmation: name });
          await navigate({ to: "/" });
          await client.invalidateQueries({ queryKey: keys.namespaces("local") });
          await client.invalidateQueries({ queryKey: keys.functions("local") });
          await client.invalidateQueries({ queryKey: keys.overview });
          await client.invalidateQueries({ queryKey: keys.tokens });
          toast.success(`${name} deleted`);
        }}
      >
        {rows === undefined || rows.length === 0
          ? "It has no functions. "
          : `Its ${rows.length} ${rows.length === 1 ? "function is" : "functions are"} deleted with code, settings and secrets. `}
        Its tokens stop working. Its runs stay in the log until their retention ends. This cannot be undone.
      </ConfirmDialog>
    </>
  );
}
