import { CircleAlert } from "lucide-react";
import { useId } from "react";
import type { Language, RuntimeStatus } from "@/platform";
import { cx } from "@/ui/cx";

interface RuntimePickerProps {
  runtimes: readonly RuntimeStatus[];
  value: Language | null;
  onChange: (language: Language) => void;
}

/** The languages of this machine; of those that are missing, how to install them. */
export function RuntimePicker({ runtimes, value, onChange }: RuntimePickerProps) {
  const name = useId();
  const missing = runtimes.filter(({ available }) => !available);
  return (
    <fieldset>
      <legend className="mb-1 font-medium">Runtime</legend>
      <div className="grid grid-cols-4 gap-1.5">
        {runtimes.map((runtime) => (
          <label
            key={runtime.language}
            className={cx(
              "relative flex min-h-11 flex-col justify-center rounded-lg border px-3 py-1 has-focus-visible:outline-2 has-focus-visible:outline-ring",
              runtime.language === value ? "border-accent-text bg-accent-soft" : "border-line",
              runtime.available ? runtime.language !== value && "hover:bg-hover" : "bg-inset",
            )}
          >
            <input
              type="radio"
              name={name}
              value={runtime.language}
              checked={runtime.language === value}
              disabled={!runtime.available}
              onChange={() => onChange(runtime.language)}
              className="absolute inset-0 appearance-none outline-none"
            />
            <span className={cx("font-medium", !runtime.available && "text-muted")}>{runtime.title}</span>
            <span className="text-sm text-muted">
              {runtime.available ? (runtime.version ?? "On this machine") : "Not installed"}
            </span>
          </label>
        ))}
      </div>
      {missing.length > 0 && (
        <details className="mt-2 text-sm">
          <summary className="inline-flex min-h-6 items-center gap-1.5 text-muted">
            <CircleAlert size={13} className="shrink-0 text-warn" aria-hidden />
            How to install {missing.map(({ title }) => title).join(", ")}
          </summary>
          <ul className="mt-1 flex flex-col gap-1 pl-5 text-muted">
            {missing.map(({ language, title, installHint }) => (
              <li key={language} className="select-text">
                <span className="font-medium text-fg">{title}:</span>{" "}
                {installHint ?? "it is not on this machine."}
              </li>
            ))}
          </ul>
        </details>
      )}
    </fieldset>
  );
}
