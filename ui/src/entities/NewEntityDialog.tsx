import type { Collection } from "@/platform";
import { EventTriggerDialog } from "./EventTriggerDialog";
import { PackageDialog } from "./PackageDialog";
import { RuleDialog } from "./RuleDialog";

interface NewEntityDialogProps {
  collection: Collection;
  connection: string;
  namespace?: string;
  /** Of a new rule. */
  trigger?: string;
  onClose: () => void;
}

export function NewEntityDialog({ collection, trigger, ...rest }: NewEntityDialogProps) {
  switch (collection) {
    case "packages":
      return <PackageDialog {...rest} />;
    case "triggers":
      return <EventTriggerDialog {...rest} />;
    case "rules":
      return <RuleDialog trigger={trigger} {...rest} />;
  }
}
