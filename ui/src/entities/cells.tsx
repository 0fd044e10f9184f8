import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { NamedJson } from "@/platform";
import { Badge } from "@/ui/Badge";
import { TimeText } from "@/ui/TimeText";
import { descriptionOf } from "./text";

/** The name of a package, a trigger or a rule, with the description that its annotations have. */
export function NameCell({
  icon,
  name,
  annotations = [],
  badge,
}: {
  icon: ReactNode;
  name: string;
  annotations?: readonly NamedJson[];
  badge?: ReactNode;
}) {
  const description = descriptionOf(annotations);
  return (
    <td className="max-w-80 py-1.5">
      <span className="flex items-center gap-2">
        <span className="shrink-0 text-subtle">{icon}</span>
        <span className="min-w-0 truncate font-medium" title={name}>
          {name}
        </span>
        {badge}
      </span>
      {description !== null && (
        <span className="block truncate pl-5.5 text-sm text-muted" title={description}>
          {description}
        </span>
      )}
    </td>
  );
}

/** How many parameters; their names as the tooltip, their values only in the form. */
export function ParametersCell({ parameters }: { parameters: readonly NamedJson[] }) {
  return (
    <td className="whitespace-nowrap tabular-nums" title={parameters.map(({ key }) => key).join(", ")}>
      {parameters.length === 0 ? <Nothing /> : parameters.length}
    </td>
  );
}

export function UpdatedCell({ at }: { at: number }) {
  return <td className="whitespace-nowrap max-lg:hidden">{at === 0 ? <Nothing /> : <TimeText at={at} />}</td>;
}

export function Nothing() {
  return <span className="text-subtle">–</span>;
}

/** What was deleted, so that a rule or a schedule does nothing. */
export function Missing({ what, says }: { what: string; says: string }) {
  return (
    <Badge tone="warn" icon={<CircleAlert size={12} aria-hidden />} title={`It was deleted: ${says}`}>
      {what}
    </Badge>
  );
}
