import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/ui/cx";
import type { JsonProblem } from "@/ui/json";
import type { RequestProblem } from "./problem";

/** What is wrong with the input; louder once somebody tried to send it. */
export function InputProblem({ problem, refused }: { problem: JsonProblem; refused: boolean }) {
  return (
    <Refusal refused={refused}>
      {problem.message} (line {problem.line}, column {problem.column}).
    </Refusal>
  );
}

/** Why a request is not sent. */
export function Unsendable({ problem, refused }: { problem: RequestProblem; refused: boolean }) {
  return <Refusal refused={refused}>{problem.text}</Refusal>;
}

function Refusal({ refused, children }: { refused: boolean; children: ReactNode }) {
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
        {children}
      </span>
    </p>
  );
}
