import { useLayoutEffect, useRef } from "react";
import { CopyButton } from "@/ui/CopyButton";

interface LogTextProps {
  text: string;
  label: string;
  /** Keeps the newest line in sight, until somebody scrolls up. */
  follow?: boolean;
}

/** What a build's tools printed. */
export function LogText({ text, label, follow = false }: LogTextProps) {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: more text is what moves the end
  useLayoutEffect(() => {
    const { current } = box;
    if (current && follow && atEnd.current) current.scrollTop = current.scrollHeight;
  }, [text, follow]);
  return (
    <div className="relative mt-1.5">
      <pre
        ref={box}
        role="log"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 8;
        }}
        className="max-h-56 overflow-auto rounded-md border border-line bg-surface px-2.5 py-1.5 pr-9 font-mono text-sm break-all whitespace-pre-wrap"
      >
        {text}
      </pre>
      <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} className="absolute top-1 right-1" />
    </div>
  );
}
