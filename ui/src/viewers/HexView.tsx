import { useWindowed } from "@/ui/useWindowed";
import { hexLine, hexLines, PER_LINE } from "./hex";

const LINE = 20;

/** An element can be some 33 million px high. */
const MOST_LINES = 1_500_000;

/** Bytes with their offsets and their letters; only the lines in sight are drawn. */
export function HexView({ bytes, label }: { bytes: Uint8Array; label: string }) {
  const all = hexLines(bytes);
  const count = Math.min(all, MOST_LINES);
  const { ref, first, end, height } = useWindowed(count, LINE);
  return (
    <>
      <section
        ref={ref}
        aria-label={`${label} in hexadecimal`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto border-t border-line py-1 font-mono text-sm outline-offset-[-2px]"
      >
        <div className="relative min-w-max" style={{ height }}>
          {Array.from({ length: Math.max(0, end - first) }, (_, at) => {
            const { offset, hex, ascii } = hexLine(bytes, first + at);
            return (
              <div
                key={offset}
                className="absolute left-0 flex h-5 items-center gap-3 px-4 whitespace-pre"
                style={{ transform: `translateY(${(first + at) * LINE}px)` }}
              >
                <span className="text-subtle">{offset}</span>
                <span>{hex}</span>
                <span className="text-(--code-string)">{ascii}</span>
              </div>
            );
          })}
        </div>
      </section>
      {all > count && (
        <p className="flex h-7 shrink-0 items-center border-t border-line bg-warn-soft px-4 text-sm text-warn">
          The first {count * PER_LINE} bytes are shown. Download it to have all.
        </p>
      )}
    </>
  );
}
