import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { type DefaultValues, type FieldValues, type Path, type PathValue, useForm } from "react-hook-form";
import type { GenericSchema } from "valibot";
import { useProduction } from "@/api/queries";
import { EnvironmentMark } from "@/app/environment";
import { formResolver } from "@/ui/formResolver";
import { useAttempt } from "@/ui/useAttempt";

interface EntityForm<Form extends FieldValues> {
  connection: string;
  schema: GenericSchema<Form, Form>;
  defaults: Form;
  save: (form: Form) => Promise<unknown>;
  /** What is to be read again once it is saved. */
  changes: QueryKey;
  onClose: () => void;
}

/** The form of a package, a trigger, a rule or a schedule. */
export function useEntityForm<Form extends FieldValues>(entity: EntityForm<Form>) {
  const { connection: id, schema, defaults, save, changes, onClose } = entity;
  const client = useQueryClient();
  const production = useProduction(id);
  const form = useForm<Form>({
    resolver: formResolver(schema),
    defaultValues: defaults as DefaultValues<Form>,
  });
  const { busy, error, run } = useAttempt(async (valid: Form) => {
    await save(valid);
    await client.invalidateQueries({ queryKey: changes });
    onClose();
  });
  const onSubmit = () => void form.handleSubmit((valid) => run(valid as unknown as Form))();
  const problem = (name: Path<Form>) => form.getFieldState(name, form.formState).error?.message;
  return {
    ...form,
    problem,
    /** Of its `FormDialog`. */
    dialog: {
      busy,
      error,
      onSubmit,
      onClose,
      variant: production ? ("danger" as const) : ("primary" as const),
      mark: production && <EnvironmentMark environment="production" className="mr-auto" />,
    },
    /** Of a field with its own label and hint. */
    field: (name: Path<Form>) => ({ ...form.register(name), error: problem(name) }),
    /** Of a `JsonField`. */
    json: (name: Path<Form>) => ({
      value: form.watch(name) as string,
      onChange: (next: string) =>
        form.setValue(name, next as PathValue<Form, Path<Form>>, {
          shouldDirty: true,
          shouldValidate: form.formState.isSubmitted,
        }),
      error: problem(name),
      onSubmit,
    }),
  };
}
