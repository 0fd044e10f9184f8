import { CircleAlert } from "lucide-react";
import { cx } from "@/ui/cx";
import type { JsonProblem } from "@/ui/json";

/** What is wrong with the input; louder once somebody tried to send it. */
export function InputProblem({ problem, refused }: { problem: JsonProblem; refused: boolean }) {
  return (
    <p
      role={refused ? "alert" : undefined}
      className={cx(
        "flex items-start gap-2 border-t border-line px-6 py-2",
        refused ? "bg-bad-soft text-bad" : "text-warn",
      )}
    >
      <CircleAlert size={15} className="mt-0.5 shrink-0" aria-hidden />
      <span>
        {refused && "Not sent. "}
        {problem.message} (line {problem.line}, column {problem.column}).
      </span>
    </p>
  );
}
