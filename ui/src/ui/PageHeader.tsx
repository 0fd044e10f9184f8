import type { ReactNode } from "react";

interface PageHeaderProps {
  title: ReactNode;
  above?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, above, description, actions }: PageHeaderProps) {
  return (
    <header className="flex shrink-0 items-start gap-4 px-6 pt-4 pb-3">
      <div className="min-w-0 flex-1">
        {above}
        <h1 className="truncate text-xl font-semibold">{title}</h1>
        {description !== undefined && <div className="mt-0.5 text-muted">{description}</div>}
      </div>
      {actions !== undefined && <div className="flex shrink-0 items-center gap-2">{actions}</div>}
    </header>
  );
}
