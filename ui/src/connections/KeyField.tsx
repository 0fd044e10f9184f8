import { Eye, EyeOff } from "lucide-react";
import { type ComponentPropsWithRef, type ReactNode, useState } from "react";
import { cx } from "@/ui/cx";
import { describedBy, Field, Textarea } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";

interface KeyFieldProps extends ComponentPropsWithRef<"textarea"> {
  id?: string;
  label?: string;
  hint: ReactNode;
  error: string | undefined;
}

/** A secret that may have several lines (a curl command), so not a password input; dots until asked. */
export function KeyField({ id = "connection-key", label = "Key", hint, error, ...rest }: KeyFieldProps) {
  const [shown, setShown] = useState(false);
  const what = label.toLowerCase();
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      <div className="relative">
        <Textarea
          id={id}
          rows={3}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-invalid={error !== undefined}
          aria-describedby={describedBy(id)}
          className={cx(
            "resize-none pr-9 font-mono text-sm break-all",
            !shown && "[-webkit-text-security:disc]",
          )}
          {...rest}
        />
        <IconButton
          size="sm"
          label={shown ? `Hide the ${what}` : `Show the ${what}`}
          icon={shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
          className="absolute top-1 right-1"
          onClick={() => setShown(!shown)}
        />
      </div>
    </Field>
  );
}
