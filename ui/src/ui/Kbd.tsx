const NAMES: Record<string, string> = {
  $mod: "Ctrl",
  Control: "Ctrl",
  Enter: "Enter",
  Escape: "Esc",
  Slash: "/",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** Keys as tinykeys writes them (`$mod+Enter`, `g a`), shown as caps. */
export function Kbd({ keys }: { keys: string }) {
  const caps = keys.split(/[+ ]/).map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  return (
    <span className="inline-flex gap-0.5">
      {caps.map((cap, index) => (
        <kbd
          // biome-ignore lint/suspicious/noArrayIndexKey: a key may occur twice, and the order is fixed
          key={index}
          className="inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-sm border border-line bg-inset px-1 font-sans text-xs text-muted"
        >
          {cap}
        </kbd>
      ))}
    </span>
  );
}
