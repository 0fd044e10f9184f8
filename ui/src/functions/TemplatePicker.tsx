import { CircleAlert } from "lucide-react";
import { useRuntimes } from "@/api/queries";
import { kindTitle } from "@/app/kinds";
import type { Template } from "@/platform";
import { Badge } from "@/ui/Badge";
import { cx } from "@/ui/cx";

interface TemplatePickerProps {
  templates: readonly Template[];
  value: string;
  onChange: (id: string) => void;
  error?: string;
}

export function TemplatePicker({ templates, value, onChange, error }: TemplatePickerProps) {
  const runtimes = useRuntimes().data ?? [];
  const hint = (template: Template) =>
    runtimes.find(({ kind }) => kind === template.kind)?.installHint ??
    runtimes.find(({ kind }) => kind.split(":")[0] === template.kind.split(":")[0])?.installHint;

  return (
    <fieldset>
      <legend className="mb-1 font-medium">Start from</legend>
      <div className="flex flex-col gap-1.5">
        {templates.map((template) => (
          <label
            key={template.id}
            className={cx(
              "flex items-start gap-3 rounded-lg border px-3 py-2 has-focus-visible:outline-2 has-focus-visible:outline-ring",
              template.id === value ? "border-accent-text bg-accent-soft" : "border-line",
              template.available ? template.id !== value && "hover:bg-hover" : "bg-inset",
            )}
          >
            <input
              type="radio"
              name="template"
              value={template.id}
              checked={template.id === value}
              disabled={!template.available}
              onChange={() => onChange(template.id)}
              className="mt-0.5 size-4 accent-accent outline-none"
            />
            <span className="min-w-0 flex-1">
              <span className="block font-medium">{template.title}</span>
              <span className="block text-muted">{template.description}</span>
              {!template.available && (
                <span className="mt-1 flex items-start gap-1.5 text-sm text-warn">
                  <CircleAlert size={13} className="mt-px shrink-0" aria-hidden />
                  {hint(template) ?? `${kindTitle(template.kind)} is not on this machine.`}
                </span>
              )}
            </span>
            <Badge>{kindTitle(template.kind)}</Badge>
          </label>
        ))}
      </div>
      {error !== undefined && <p className="mt-1 text-sm text-bad">{error}</p>}
    </fieldset>
  );
}
