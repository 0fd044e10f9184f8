import { CopyButton } from "./CopyButton";

interface HeaderListProps {
  label: string;
  headers: ReadonlyArray<readonly [string, string]>;
}

/** HTTP headers in their order. */
export function HeaderList({ label, headers }: HeaderListProps) {
  if (headers.length === 0) return <p className="text-subtle">No headers</p>;
  const text = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return (
    <div className="group relative">
      <dl
        aria-label={label}
        className="grid grid-cols-[fit-content(16rem)_1fr] gap-x-4 gap-y-0.5 pr-8 font-mono text-sm"
      >
        {headers.map(([name, value], at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header may be there twice, and the list never changes
          <div key={at} className="contents">
            <dt className="break-all text-muted">{name}</dt>
            <dd className="min-w-0 break-all">{value}</dd>
          </div>
        ))}
      </dl>
      <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} className="absolute top-0 right-0" />
    </div>
  );
}
