import { Globe, Link2, Package } from "lucide-react";
import type { ReactNode } from "react";
import type { Connection, PackageView } from "@/platform";
import { Badge } from "@/ui/Badge";
import { EmptyState } from "@/ui/EmptyState";
import { NameCell, Nothing, ParametersCell, UpdatedCell } from "./cells";
import { DeleteEntityDialog } from "./DeleteEntityDialog";
import { EntityTable } from "./EntityTable";
import { FunctionName } from "./FunctionName";
import { PackageDialog } from "./PackageDialog";

const SHOWN = 4;

interface PackagesTabProps {
  connection: Connection;
  namespace: string;
  packages: readonly PackageView[];
  create: ReactNode;
}

export function PackagesTab({ connection, namespace, packages, create }: PackagesTabProps) {
  if (packages.length === 0) {
    return (
      <EmptyState icon={<Package size={24} aria-hidden />} title="No packages yet" action={create}>
        A package groups functions that share parameters; a binding is another package with parameters of your
        own.
      </EmptyState>
    );
  }
  return (
    <EntityTable
      label="Packages"
      row="package-row"
      all={packages}
      heads={
        <>
          <th>Name</th>
          <th>Functions</th>
          <th>Parameters</th>
          <th>Version</th>
          <th className="max-lg:hidden">Updated</th>
        </>
      }
      cells={(each) => {
        const Icon = each.binding === null ? Package : Link2;
        return (
          <>
            <NameCell
              icon={<Icon size={14} aria-hidden />}
              name={each.name}
              annotations={each.annotations}
              badge={<Marks of={each} />}
            />
            <td>
              <Functions connection={connection.id} namespace={namespace} of={each} />
            </td>
            <ParametersCell parameters={each.parameters} />
            <td className="font-mono text-sm">{each.version}</td>
            <UpdatedCell at={each.updated} />
          </>
        );
      }}
      dialog={(type, of, onClose) =>
        type === "edit" ? (
          <PackageDialog connection={connection.id} namespace={namespace} old={of} onClose={onClose} />
        ) : (
          <DeleteEntityDialog
            connection={connection}
            namespace={namespace}
            collection="packages"
            name={of.name}
            functions={of.binding === null ? of.functions.length : 0}
            onClose={onClose}
          >
            {of.binding !== null
              ? "The package that it binds stays. Its functions can no longer be called by this name."
              : of.functions.length === 0
                ? "It has no functions. Bindings of it stop working."
                : `Deletes ${of.functions.map(({ name }) => `${of.name}/${name}`).join(", ")} with code and settings. Bindings of it stop working.`}
          </DeleteEntityDialog>
        )
      }
    />
  );
}

function Marks({ of }: { of: PackageView }) {
  if (of.binding !== null) {
    return (
      <Badge title="Another package under a name of its own" className="max-w-60 min-w-0 shrink">
        <span className="truncate">
          binding of /{of.binding.namespace}/{of.binding.name}
        </span>
      </Badge>
    );
  }
  if (!of.publish) return null;
  return (
    <Badge tone="info" icon={<Globe size={12} aria-hidden />} title="Other namespaces may use it">
      Public
    </Badge>
  );
}

function Functions({
  connection,
  namespace,
  of,
}: {
  connection: string;
  namespace: string;
  of: PackageView;
}) {
  const { functions, binding } = of;
  if (functions.length === 0) return <Nothing />;
  const rest = functions.slice(SHOWN);
  return (
    <span className="flex flex-wrap items-center gap-x-3">
      <span className="min-w-3 tabular-nums">{functions.length}</span>
      {functions.slice(0, SHOWN).map(({ name }) =>
        // What a binding has is elsewhere, and has no page under this name.
        binding === null ? (
          <FunctionName
            key={name}
            connection={connection}
            within={namespace}
            of={{ namespace, name: `${of.name}/${name}` }}
            label={name}
            className="max-lg:hidden"
          />
        ) : (
          <span key={name} className="max-lg:hidden">
            {name}
          </span>
        ),
      )}
      {rest.length > 0 && (
        <span className="text-subtle max-lg:hidden" title={rest.map(({ name }) => name).join(", ")}>
          and {rest.length} more
        </span>
      )}
    </span>
  );
}
