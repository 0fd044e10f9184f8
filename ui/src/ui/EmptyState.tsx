import type { ReactNode } from "react";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** Why it is empty now, and what would be here. */
  children?: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-110 flex-col items-center px-6 py-14 text-center">
      {icon !== undefined && <div className="mb-3 text-subtle">{icon}</div>}
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="mt-1 text-muted">{children}</div>}
      {action !== undefined && <div className="mt-4 flex gap-2">{action}</div>}
    </div>
  );
}
