import { CircleAlert } from "lucide-react";
import { useId } from "react";
import { CodeEditor } from "@/ui/CodeEditor";
import { cx } from "@/ui/cx";

interface JsonFieldProps {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | null;
  /** Ctrl/Cmd+Enter. */
  onSubmit?: () => void;
  autoFocus?: boolean;
}

/** A JSON object among the fields of a dialog. */
export function JsonField({ label, hint, value, onChange, error, onSubmit, autoFocus }: JsonFieldProps) {
  const note = useId();
  const wrong = error !== null && error !== undefined;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would lay its legend over the border
    <div role="group" aria-label={label} aria-describedby={note}>
      <p className="mb-1 font-medium" aria-hidden>
        {label}
      </p>
      <CodeEditor
        label={label}
        language="json"
        lint
        tabLeaves
        autoFocus={autoFocus}
        value={value}
        onChange={onChange}
        onSubmit={onSubmit}
        className={cx(
          "rounded-md border outline-offset-1 focus-within:outline-2 focus-within:outline-ring",
          wrong ? "border-bad" : "border-line-strong",
        )}
        style={{ height: 144 }}
      />
      <p
        id={note}
        className={cx("mt-1 min-h-4 text-sm", wrong ? "text-bad" : "text-subtle")}
        aria-live="polite"
      >
        {wrong ? (
          <span className="inline-flex items-start gap-1">
            <CircleAlert size={13} className="mt-px shrink-0" aria-hidden />
            {error}
          </span>
        ) : (
          hint
        )}
      </p>
    </div>
  );
}
