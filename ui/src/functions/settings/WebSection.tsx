import type { FunctionDetail } from "@/platform";
import { Section } from "@/ui/Section";
import { Choices } from "./Choices";

export function WebSection({ functionUrl }: Pick<FunctionDetail, "functionUrl">) {
  return (
    <Section
      title="Web access"
      description={
        functionUrl === null
          ? undefined
          : "Of the REST API. At its function URL it answers without a token, whatever is chosen here."
      }
    >
      <Choices
        field="web"
        label="Web access"
        options={[
          { value: "private", title: "Private", text: "Callers need a token." },
          {
            value: "web",
            title: "Web function",
            text: "Anybody who knows the address may call it, without a token. It cannot be invoked asynchronously.",
          },
          {
            value: "raw",
            title: "Web function, raw",
            text: "The same, with the unparsed request as its input.",
          },
        ]}
      />
    </Section>
  );
}
