import { Link } from "@tanstack/react-router";
import type { FunctionKey } from "@/platform";
import { cx } from "@/ui/cx";
import { QualifiedName } from "@/ui/QualifiedName";

interface FunctionNameProps {
  connection: string;
  /** The namespace of the page: that of a function elsewhere is shown. */
  within: string;
  of: FunctionKey;
  /** What it is called here, if not by its whole name. */
  label?: string;
  className?: string;
}

export function FunctionName({ connection, within, of, label, className }: FunctionNameProps) {
  if (of.namespace !== within) return <QualifiedName namespace={of.namespace} name={of.name} />;
  return (
    <Link
      to="/c/$connection/ns/$namespace/fn/$"
      params={{ connection, namespace: of.namespace, _splat: of.name }}
      className={cx(
        "inline-flex min-h-6 items-center whitespace-nowrap rounded-sm hover:underline",
        className,
      )}
    >
      {label ?? of.name}
    </Link>
  );
}
