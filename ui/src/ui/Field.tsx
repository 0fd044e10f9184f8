import { CircleAlert } from "lucide-react";
import type { ComponentPropsWithRef, ReactNode } from "react";
import type { Explained } from "@/platform/errors";
import { cx } from "./cx";

const CONTROL =
  "control rounded-md border border-line-strong bg-surface px-2.5 text-fg hover:not-disabled:border-muted disabled:bg-inset disabled:text-subtle aria-invalid:border-bad";

export function Input({ className, ...rest }: ComponentPropsWithRef<"input">) {
  return <input className={cx(CONTROL, "h-7", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentPropsWithRef<"textarea">) {
  return <textarea className={cx(CONTROL, "py-1.5", className)} {...rest} />;
}

export function Select({ className, ...rest }: ComponentPropsWithRef<"select">) {
  return <select className={cx(CONTROL, "h-7 pr-1", className)} {...rest} />;
}

export function Checkbox({ className, ...rest }: ComponentPropsWithRef<"input">) {
  return <input type="checkbox" className={cx("size-4 shrink-0 accent-accent", className)} {...rest} />;
}

interface FieldProps {
  id: string;
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
  className?: string;
  /** The control; give it `id`, and `aria-describedby={describedBy(id)}` where there is a hint or an error. */
  children: ReactNode;
}

export function Field({ id, label, hint, error, className, children }: FieldProps) {
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      {children}
      <p
        id={describedBy(id)}
        className={cx("mt-1 min-h-4 text-sm", error === undefined ? "text-subtle" : "text-bad")}
        aria-live="polite"
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
    </div>
  );
}

interface TextFieldProps extends Omit<FieldProps, "children" | "className">, ComponentPropsWithRef<"input"> {
  id: string;
  /** Of the field; `className` is the input's. */
  fieldClassName?: string;
}

/** A field with one line of text: a name, an address, a number. */
export function TextField({ id, label, hint, error, fieldClassName, ...rest }: TextFieldProps) {
  return (
    <Field id={id} label={label} hint={hint} error={error} className={fieldClassName}>
      <Input
        id={id}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id)}
        {...rest}
      />
    </Field>
  );
}

interface SelectFieldProps
  extends Omit<FieldProps, "children" | "className">,
    ComponentPropsWithRef<"select"> {
  id: string;
  fieldClassName?: string;
}

/** A field with a choice; its children are the options. */
export function SelectField({
  id,
  label,
  hint,
  error,
  fieldClassName,
  className,
  ...rest
}: SelectFieldProps) {
  return (
    <Field id={id} label={label} hint={hint} error={error} className={fieldClassName}>
      <Select
        id={id}
        className={cx("w-full", className)}
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id)}
        {...rest}
      />
    </Field>
  );
}

export function describedBy(id: string): string {
  return `${id}-note`;
}

/** A failed submit, inside the form that failed. */
export function FormError({ error, className }: { error: Explained; className?: string }) {
  if (error.severity === "silent") return null;
  return (
    <div
      role="alert"
      className={cx(
        "flex gap-2 rounded-md px-3 py-2",
        error.severity === "error" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn",
        className,
      )}
    >
      <CircleAlert size={16} className="mt-0.5 shrink-0" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium break-words">{error.message}</p>
        {error.hint !== null && <p className="text-fg">{error.hint}</p>}
        {error.details !== null && (
          <p className="mt-1 font-mono text-xs break-words text-muted">{error.details}</p>
        )}
      </div>
    </div>
  );
}
