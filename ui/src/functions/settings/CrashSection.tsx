import { Section } from "@/ui/Section";
import { Choices } from "./Choices";

export function CrashSection() {
  return (
    <Section
      title="After a crash"
      description="What happens to an accepted run that had begun when Beckon died. Runs that had not begun always run."
    >
      <Choices
        field="lostPolicy"
        label="After a crash"
        options={[
          {
            value: "retry",
            title: "Run it again",
            text: "What is accepted is run at least once. Right where running twice does no harm.",
          },
          {
            value: "record",
            title: "Record it as lost",
            text: "It does not run again. Right where running twice would do harm.",
          },
        ]}
      />
    </Section>
  );
}
