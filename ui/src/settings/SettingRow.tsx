import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/ui/cx";
import { describedBy } from "@/ui/Field";

interface SettingRowProps {
  label: ReactNode;
  /** The id of the one control, if it is one that a label can name. */
  id?: string;
  hint?: ReactNode;
  error?: string;
  children: ReactNode;
}

/** What it is on the left, its control on the right, so that a page of them can be read down. */
export function SettingRow({ label, id, hint, error, children }: SettingRowProps) {
  const Label = id === undefined ? "span" : "label";
  return (
    <div className="grid grid-cols-[12rem_1fr] gap-x-4 py-1.5">
      <Label htmlFor={id} className="flex min-h-7 items-center self-start">
        {label}
      </Label>
      <div className="min-w-0">
        <div className="flex min-h-7 items-center gap-2">{children}</div>
        {(id !== undefined || hint !== undefined) && (
          <p
            id={id && describedBy(id)}
            aria-live="polite"
            className={cx("mt-1 max-w-140 text-sm", error === undefined ? "text-subtle" : "text-bad")}
          >
            {error === undefined ? (
              hint
            ) : (
              <span className="inline-flex items-start gap-1">
                <CircleAlert size={13} className="mt-px shrink-0" aria-hidden />
                {error}
              </span>
            )}
          </p>
        )}
      </div>
    </div>
  );
}
