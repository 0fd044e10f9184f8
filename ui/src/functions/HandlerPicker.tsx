import { useId } from "react";
import type { Contract, Handler, Language } from "@/platform";
import { cx } from "@/ui/cx";
import { CONTRACT, handlerText } from "./contracts";

interface HandlerPickerProps {
  handlers: readonly Handler[];
  language: Language;
  value: Contract;
  onChange: (contract: Contract) => void;
}

/** The handler contracts that fit a language, with a sentence each. */
export function HandlerPicker({ handlers, language, value, onChange }: HandlerPickerProps) {
  const name = useId();
  const fitting = handlers.filter(({ languages }) => languages.includes(language));
  return (
    <fieldset>
      <legend className="mb-1 font-medium">Handler</legend>
      <div className="flex flex-col rounded-lg border border-line">
        {fitting.map(({ contract }) => (
          <label
            key={contract}
            className={cx(
              "flex min-h-9 items-start gap-3 border-line px-3 py-1.5 not-first:border-t first:rounded-t-lg last:rounded-b-lg has-focus-visible:outline-2 has-focus-visible:outline-ring",
              contract === value ? "bg-accent-soft" : "hover:bg-hover",
            )}
          >
            <input
              type="radio"
              name={name}
              checked={contract === value}
              onChange={() => onChange(contract)}
              className="mt-0.5 size-4 accent-accent outline-none"
            />
            <span className="min-w-0 flex-1">
              <span className="font-medium">{CONTRACT[contract]}</span>{" "}
              <span className="text-muted">{handlerText(contract, language)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
