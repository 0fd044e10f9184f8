import type { FunctionDetail } from "@/platform";
import { Section } from "@/ui/Section";
import { Choices } from "./Choices";

export function WebSection({ speaksHttp }: Pick<FunctionDetail, "speaksHttp">) {
  return (
    <Section
      title="Web access"
      description={
        speaksHttp
          ? "Of the REST API. At its function URL it answers without a token, whatever is chosen here."
          : undefined
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
            text: "Anybody who knows its function URL may call it there, without a token, and waits for the answer.",
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
