import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Switch } from "@/ui/Switch";
import { toast } from "@/ui/toast";

interface SwitchCellProps {
  label: string;
  on: boolean;
  onSwitch: (on: boolean) => Promise<unknown>;
  /** What is to be read again then. */
  changes: QueryKey;
}

export function SwitchCell({ label, on, onSwitch, changes }: SwitchCellProps) {
  const client = useQueryClient();
  /** What was asked for and is not answered yet: shown as it will be. */
  const [asked, setAsked] = useState<boolean | null>(null);

  async function change(next: boolean) {
    setAsked(next);
    try {
      await onSwitch(next);
    } catch (thrown) {
      toast.failure(thrown);
    } finally {
      await client.invalidateQueries({ queryKey: changes });
      setAsked(null);
    }
  }

  return (
    <td>
      <Switch
        label={label}
        checked={asked ?? on}
        disabled={asked !== null}
        onChange={(next) => void change(next)}
      />
    </td>
  );
}
