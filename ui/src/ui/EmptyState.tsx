import type { ReactNode } from "react";
import { cx } from "./cx";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** Why it is empty now, and what would be here. */
  children?: ReactNode;
  action?: ReactNode;
  /** It stands for the whole page, so its title is the page's heading. */
  page?: boolean;
  /** It stands in one of several sections of a page. */
  compact?: boolean;
}

export function EmptyState({
  icon,
  title,
  children,
  action,
  page = false,
  compact = false,
}: EmptyStateProps) {
  const Title = page ? "h1" : "p";
  return (
    <div
      className={cx(
        "mx-auto flex max-w-110 flex-col items-center px-6 text-center",
        compact ? "py-4" : "py-14",
      )}
    >
      {icon !== undefined && <div className="mb-3 text-subtle">{icon}</div>}
      <Title className="font-medium">{title}</Title>
      {children !== undefined && <div className="mt-1 text-muted">{children}</div>}
      {action !== undefined && <div className="mt-4 flex gap-2">{action}</div>}
    </div>
  );
}
