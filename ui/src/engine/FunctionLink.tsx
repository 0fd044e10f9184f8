import { Link } from "@tanstack/react-router";
import type { FunctionKey } from "@/platform";
import { QualifiedName } from "@/ui/QualifiedName";

interface FunctionLinkProps {
  of: FunctionKey;
  namespaceClassName?: string;
}

/** A local function by its name; leads to its page. */
export function FunctionLink({ of, namespaceClassName }: FunctionLinkProps) {
  return (
    <Link
      to="/c/$connection/ns/$namespace/fn/$"
      params={{ connection: "local", namespace: of.namespace, _splat: of.name }}
      title={`${of.namespace}/${of.name}`}
      className="block w-fit max-w-full leading-6 hover:underline"
    >
      <QualifiedName {...of} namespaceClassName={namespaceClassName} />
    </Link>
  );
}
