/** A function's name with its namespace, which gives way where there is no room for both. */
export function QualifiedName({ namespace, name }: { namespace: string; name: string }) {
  return (
    <span className="flex min-w-0 overflow-hidden">
      <span className="min-w-0 truncate text-subtle">{namespace}</span>
      <span className="text-subtle">/</span>
      <span className="max-w-full shrink-0 truncate">{name}</span>
    </span>
  );
}
