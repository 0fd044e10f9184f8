import { Link } from "@tanstack/react-router";
import type { FunctionKey } from "@/platform";

/** A local function by its name; leads to its page. */
export function FunctionLink({ of }: { of: FunctionKey }) {
  return (
    <Link
      to="/c/$connection/ns/$namespace/fn/$"
      params={{ connection: "local", namespace: of.namespace, _splat: of.name }}
      title={`${of.namespace}/${of.name}`}
      className="block w-fit max-w-full truncate leading-6 hover:underline"
    >
      <span className="text-subtle">{of.namespace}/</span>
      {of.name}
    </Link>
  );
}
