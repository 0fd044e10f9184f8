import { type ReactNode, useId } from "react";

interface SectionProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A titled part of a page of settings: what it is on the left, the controls below. */
export function Section({ title, description, actions, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="border-t border-line py-5 first:border-t-0">
      <div className="mb-3 flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <h2 id={id} className="text-lg font-semibold">
            {title}
          </h2>
          {description !== undefined && <div className="max-w-160 text-muted">{description}</div>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}
