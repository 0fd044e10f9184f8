import { cx } from "./cx";

interface QualifiedNameProps {
  namespace: string;
  name: string;
  namespaceClassName?: string;
}

/** A function's name with its namespace, which gives way where there is no room for both. */
export function QualifiedName({ namespace, name, namespaceClassName }: QualifiedNameProps) {
  return (
    <span className="flex min-w-0 overflow-hidden">
      <span className={cx("min-w-0 truncate text-subtle", namespaceClassName)}>{namespace}</span>
      <span className={cx("text-subtle", namespaceClassName)}>/</span>
      <span className="max-w-full shrink-0 truncate">{name}</span>
    </span>
  );
}
