import { ListOrdered } from "lucide-react";
import { FunctionLink } from "@/engine/FunctionLink";
import type { FunctionKey } from "@/platform";

interface ComponentsProps {
  components: readonly FunctionKey[];
}

/** What a sequence is made of, in place of code. */
export function Components({ components }: ComponentsProps) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-6 pb-6">
      <p className="flex items-center gap-2 pt-4 pb-2 text-muted">
        <ListOrdered size={15} aria-hidden />A sequence of {components.length}{" "}
        {components.length === 1 ? "function" : "functions"}: each gets what the one before returned.
      </p>
      <ol aria-label="Functions of the sequence" className="list-decimal pl-6 leading-7">
        {components.map((component, at) => (
          // A function may be in it more than once, and the order is all there is.
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the sequence is what tells them apart
          <li key={at} className="pl-1">
            <FunctionLink of={component} />
          </li>
        ))}
      </ol>
    </div>
  );
}
