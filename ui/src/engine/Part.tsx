import { type ReactNode, useId } from "react";

interface PartProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A part of a page of lists: its title, and tables as wide as the page. */
export function Part({ title, description, actions, children }: PartProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="border-t border-line pt-4 pb-5">
      <div className="mb-2 flex items-start gap-4 px-6">
        <div className="min-w-0 flex-1">
          <h2 id={id} className="text-lg font-semibold">
            {title}
          </h2>
          {description !== undefined && <div className="max-w-180 text-muted">{description}</div>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** What stands in a part that has nothing to list. */
export function Nothing({ children }: { children: ReactNode }) {
  return <p className="px-6 text-muted">{children}</p>;
}
