import { Link } from "@tanstack/react-router";
import { SquareFunction, Workflow, Zap } from "lucide-react";
import type { ReactNode } from "react";
import type { ActivationDetail, RecordOf } from "@/platform";

const WORD: Record<RecordOf, string> = {
  function: "Function",
  sequence: "Sequence",
  composition: "Composition",
  trigger: "Trigger",
  rule: "Rule",
};

const LOOK =
  "mr-1 inline-flex h-6 items-center rounded-md text-sm max-xl:px-1.5 max-xl:text-muted max-xl:hover:bg-hover";

/** From a record to the page of what it is of; where there is no such page, what that is. */
export function RecordLink({ detail }: { detail: ActivationDetail }) {
  const { activation, of, page, target } = detail;
  if (of === "trigger" || of === "rule") {
    const tab = of === "trigger" ? "triggers" : "rules";
    const Icon = of === "trigger" ? Zap : Workflow;
    return (
      <Link
        to="/c/$connection/ns/$namespace"
        params={{ connection: activation.connection, namespace: activation.namespace }}
        search={{ tab }}
        title={`Open ${tab}`}
        className={LOOK}
      >
        <Icon size={14} aria-hidden className="xl:hidden" />
        <Words>Open {tab}</Words>
      </Link>
    );
  }
  if (page === null) {
    return (
      <span
        className="mr-1 max-w-80 truncate text-sm text-muted"
        title="It has no page here: it is gone, or it is not of this connection's namespace."
      >
        {WORD[of]}
        {target !== null && ` /${target.namespace}/${target.name}`}
      </span>
    );
  }
  const text = of === "function" ? "Open function" : `Open ${WORD[of].toLowerCase()}`;
  return (
    <Link
      to="/c/$connection/ns/$namespace/fn/$"
      params={{ connection: page.connection, namespace: page.namespace, _splat: page.name }}
      title={text}
      className={LOOK}
    >
      <SquareFunction size={14} aria-hidden className="xl:hidden" />
      <Words>{text}</Words>
    </Link>
  );
}

/** The link's text; where there is little room its icon says it. */
function Words({ children }: { children: ReactNode }) {
  return <span className="link max-xl:sr-only">{children}</span>;
}
