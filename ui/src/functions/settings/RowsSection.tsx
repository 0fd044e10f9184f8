import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useFormContext } from "react-hook-form";
import { Button } from "@/ui/Button";
import { Input } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Section } from "@/ui/Section";
import type { FunctionSettingsForm } from "./settings-form";

interface RowsSectionProps {
  field: "env" | "parameters";
  title: string;
  description: string;
  namePlaceholder: string;
  valuePlaceholder: string;
  add: string;
}

/** Rows of name and value. */
export function RowsSection(props: RowsSectionProps) {
  const { field, title, description, namePlaceholder, valuePlaceholder, add } = props;
  const { control, register, formState } = useFormContext<FunctionSettingsForm>();
  const rows = useFieldArray({ control, name: field });
  const errors = formState.errors[field];

  return (
    <Section title={title} description={description}>
      <div className="flex max-w-180 flex-col gap-2">
        {rows.fields.map((row, index) => {
          const error = errors?.[index];
          const noteId = `${field}-${index}-note`;
          const message = error?.name?.message ?? error?.value?.message;
          return (
            <div key={row.id}>
              <div className="grid grid-cols-[minmax(120px,2fr)_3fr_28px] gap-2">
                <Input
                  aria-label={`${title}: name ${index + 1}`}
                  aria-invalid={error?.name !== undefined}
                  aria-describedby={message === undefined ? undefined : noteId}
                  placeholder={namePlaceholder}
                  autoComplete="off"
                  spellCheck={false}
                  className="font-mono text-sm"
                  {...register(`${field}.${index}.name`)}
                />
                <Input
                  aria-label={`${title}: value ${index + 1}`}
                  aria-invalid={error?.value !== undefined}
                  aria-describedby={message === undefined ? undefined : noteId}
                  placeholder={valuePlaceholder}
                  autoComplete="off"
                  spellCheck={false}
                  className="font-mono text-sm"
                  {...register(`${field}.${index}.value`)}
                />
                <IconButton
                  label={`Remove row ${index + 1}`}
                  icon={<Trash2 size={14} aria-hidden />}
                  onClick={() => rows.remove(index)}
                />
              </div>
              {message !== undefined && (
                <p id={noteId} className="mt-1 text-sm text-bad">
                  {message}
                </p>
              )}
            </div>
          );
        })}
        {rows.fields.length === 0 && <p className="text-subtle">None.</p>}
        <div>
          <Button icon={<Plus size={14} aria-hidden />} onClick={() => rows.append({ name: "", value: "" })}>
            {add}
          </Button>
        </div>
      </div>
    </Section>
  );
}
