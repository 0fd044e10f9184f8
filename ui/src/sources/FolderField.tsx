import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, type FolderPreview } from "@/platform";
import { explain } from "@/platform/errors";
import { TextField } from "@/ui/Field";
import { formatBytes, formatCount } from "@/ui/format";

interface FolderFieldProps {
  value: string;
  onChange: (path: string) => void;
  error?: string;
}

/** A path that is typed, and what is there as a function. */
export function FolderField({ value, onChange, error }: FolderFieldProps) {
  const [path, setPath] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setPath(value.trim()), 300);
    return () => clearTimeout(timer);
  }, [value]);
  const preview = useQuery({
    queryKey: ["folder-preview", path],
    queryFn: ({ signal }) => api.previewFolder({ path }, signal),
    enabled: path !== "",
    retry: false,
    gcTime: 0,
    staleTime: 0,
  });
  const problem = preview.isError && path === value.trim() ? explain(preview.error).message : undefined;

  return (
    <div>
      <TextField
        id="folder-path"
        label="Folder, source file or zip"
        hint="Its absolute path on this machine."
        error={error ?? problem}
        className="w-full font-mono text-sm"
        value={value}
        placeholder="/home/you/project/hello"
        onChange={(event) => onChange(event.target.value)}
      />
      {preview.data && path !== "" && <Contents preview={preview.data} />}
    </div>
  );
}

function Contents({ preview }: { preview: FolderPreview }) {
  const { files, bytes, leftOut, leftOutCount } = preview;
  return (
    <div className="mt-1 rounded-md bg-inset px-3 py-2 text-sm" data-testid="folder-preview">
      <p>
        {files.length === 1 ? "1 file" : `${formatCount(files.length)} files`}, {formatBytes(bytes)}
        {leftOutCount > 0 && <span className="text-muted"> · {formatCount(leftOutCount)} left out</span>}
      </p>
      <details className="mt-1">
        <summary className="inline-flex min-h-6 items-center text-muted">Show them</summary>
        <ul className="mt-1 max-h-40 overflow-y-auto font-mono text-xs">
          {files.slice(0, 200).map((file) => (
            <li key={file.path} className="flex gap-4">
              <span className="min-w-0 flex-1 truncate">{file.path}</span>
              <span className="text-muted tabular-nums">{formatBytes(file.size)}</span>
            </li>
          ))}
          {files.length > 200 && <li className="text-muted">and {formatCount(files.length - 200)} more</li>}
          {leftOut.map(({ path, reason }) => (
            <li key={path} className="flex gap-4 text-muted">
              <span className="min-w-0 flex-1 truncate line-through">{path}</span>
              <span>{reason}</span>
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
