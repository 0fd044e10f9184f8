import { useFormContext } from "react-hook-form";
import { useHandlers } from "@/api/queries";
import { kindTitle } from "@/app/kinds";
import type { FunctionDetail } from "@/platform";
import { describedBy, Field, Select, TextField } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { CONTRACT, handlerText } from "../contracts";
import type { FunctionSettingsForm } from "./settings-form";

/** How the code is called. */
export function HandlerSection({ detail }: { detail: FunctionDetail }) {
  const { register, watch } = useFormContext<FunctionSettingsForm>();
  const handlers = useHandlers().data ?? [];
  const contract = watch("contract");
  const fitting = handlers
    .filter(({ languages }) => detail.language !== null && languages.includes(detail.language))
    .map((handler) => handler.contract);
  // What it has is a choice, even where there is no template for it.
  const options = fitting.includes(detail.contract) ? fitting : [detail.contract, ...fitting];
  const entry =
    handlers.find((handler) => handler.contract === contract)?.defaultEntry ?? detail.defaultEntry;

  const main = (
    <TextField
      id="entry-point"
      label="Entry point"
      hint={`What is called in the code. Empty is ${entry}.`}
      placeholder={entry}
      className="w-full font-mono text-sm"
      {...register("main")}
    />
  );
  if (!detail.edits.engine) {
    return (
      <Section title="Handler">
        <div className="max-w-90">{main}</div>
      </Section>
    );
  }
  return (
    <Section title="Handler" description={`How ${kindTitle(detail.kind)} code is called.`}>
      <div className="grid max-w-180 grid-cols-2 gap-x-8 gap-y-2">
        <Field id="contract" label="Contract" hint={handlerText(contract, detail.language)}>
          <Select
            id="contract"
            className="w-full"
            aria-describedby={describedBy("contract")}
            disabled={options.length < 2}
            {...register("contract")}
          >
            {options.map((each) => (
              <option key={each} value={each}>
                {CONTRACT[each]}
              </option>
            ))}
          </Select>
        </Field>
        {main}
      </div>
    </Section>
  );
}
