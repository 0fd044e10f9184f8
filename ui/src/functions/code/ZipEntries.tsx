import { FileArchive, FileText } from "lucide-react";
import type { ZipEntry } from "@/platform";
import { formatBytes } from "@/ui/format";
import { Table } from "@/ui/Table";

/** Beyond this, rows cost more to lay out than they are worth. */
const SHOWN = 300;

interface ZipEntriesProps {
  bytes: number;
  entries: readonly ZipEntry[];
  /** What a person does to change it. */
  change: string;
}

export function ZipEntries({ bytes, entries, change }: ZipEntriesProps) {
  const sorted = [...entries].sort((a, b) => a.path.localeCompare(b.path));
  return (
    <div className="min-h-0 flex-1 overflow-y-auto pb-6">
      <p className="flex items-center gap-2 px-6 pt-4 pb-2 text-muted">
        <FileArchive size={15} aria-hidden />
        Zip package, {formatBytes(bytes)}, {entries.length} {entries.length === 1 ? "file" : "files"}.{" "}
        {change}
      </p>
      <Table className="[&_td]:h-7">
        <thead>
          <tr>
            <th>Path</th>
            <th className="w-32 text-right!">Size</th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, SHOWN).map((entry) => (
            <tr key={entry.path}>
              <td className="font-mono text-sm">
                <FileText size={13} aria-hidden className="mr-2 inline text-subtle" />
                {entry.path}
              </td>
              <td className="text-right">{formatBytes(entry.size)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {sorted.length > SHOWN && <p className="px-6 pt-2 text-muted">And {sorted.length - SHOWN} more.</p>}
    </div>
  );
}
