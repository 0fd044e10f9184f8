import { FilterX, ScrollText } from "lucide-react";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import type { Tally } from "./core/tallies";
import { countText } from "./countText";
import type { Problem } from "./FilterField";

interface LogEmptyProps {
  /** What the user wrote; the scope of the page is not part of it. */
  text: string;
  tally: Tally;
  problems: readonly Problem[];
  scopeName: string | null;
  onClear: () => void;
}

/** Why there are no rows, and the one thing to do next. */
export function LogEmpty({ text, tally, problems, scopeName, onClear }: LogEmptyProps) {
  if (text.trim() === "") {
    return (
      <EmptyState icon={<ScrollText size={24} aria-hidden />} title="No runs yet">
        {scopeName === null
          ? "Every run made in this window, with curl or by a client of the gateway appears here, with its input. Open a function and press Run."
          : `Every run of ${scopeName} appears here, with its input. Press Run on the Invoke tab, or call it with curl.`}
      </EmptyState>
    );
  }
  const all = tally.all?.count ?? 0;
  return (
    <EmptyState
      icon={<FilterX size={24} aria-hidden />}
      title={all === 0 ? "No runs yet" : "The filter excludes every run"}
      action={
        <Button onClick={onClear}>
          {all === 0 ? "Clear the filter" : `Show all ${countText(tally.all)}`}
        </Button>
      }
    >
      {all === 0
        ? "There are none with another filter either."
        : `There ${all === 1 ? "is one" : `are ${countText(tally.all)}`} without it.`}
      {problems.length > 0 &&
        ` Of the filter, ${problems.map(({ term }) => `“${term}”`).join(", ")} is ignored.`}
    </EmptyState>
  );
}
