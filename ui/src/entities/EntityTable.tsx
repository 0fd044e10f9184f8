import { Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { IconButton } from "@/ui/IconButton";
import { Table } from "@/ui/Table";

type Opens = "edit" | "delete" | "fire";

interface EntityTableProps<T> {
  label: string;
  /** Of a row, in tests. */
  row: string;
  all: readonly T[];
  heads: ReactNode;
  cells: (each: T) => ReactNode;
  /** Before the buttons that every row has. */
  before?: (each: T, open: (type: Opens) => void) => ReactNode;
  /** What a row's button opened; it closes where the row goes. */
  dialog: (type: Opens, of: T, close: () => void) => ReactNode;
}

/** The packages, triggers, rules or schedules of a namespace, each to be changed and deleted. */
export function EntityTable<T extends { name: string }>(props: EntityTableProps<T>) {
  const { label, row, all, heads, cells, before, dialog } = props;
  const [open, setOpen] = useState<{ type: Opens; name: string } | null>(null);
  const chosen = all.find(({ name }) => name === open?.name);

  return (
    <>
      <Table aria-label={label}>
        <thead>
          <tr>
            {heads}
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...all]
            .sort((a, b) => a.name.localeCompare(b.name))
            .map((each) => {
              const { name } = each;
              return (
                <tr key={name} data-testid={row}>
                  {cells(each)}
                  <td className="w-px">
                    <span className="flex items-center justify-end gap-1">
                      {before?.(each, (type) => setOpen({ type, name }))}
                      <IconButton
                        label={`Change ${name}`}
                        icon={<Pencil size={14} aria-hidden />}
                        onClick={() => setOpen({ type: "edit", name })}
                      />
                      <IconButton
                        label={`Delete ${name}`}
                        icon={<Trash2 size={14} aria-hidden />}
                        onClick={() => setOpen({ type: "delete", name })}
                      />
                    </span>
                  </td>
                </tr>
              );
            })}
        </tbody>
      </Table>
      {open !== null && chosen !== undefined && dialog(open.type, chosen, () => setOpen(null))}
    </>
  );
}
