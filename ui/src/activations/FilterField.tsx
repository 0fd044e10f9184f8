import { useQuery } from "@tanstack/react-query";
import { ListFilter, TriangleAlert, X } from "lucide-react";
import { type Ref, useEffect, useMemo, useRef, useState } from "react";
import { keys } from "@/api/keys";
import { api } from "@/platform";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { type Scope, scopedTerms, splitTerms, withoutTerm } from "./core/filterText";
import { DEBOUNCE_MS } from "./core/log";

export interface Problem {
  readonly start: number;
  readonly term: string;
  readonly why: string;
}

function useDebounced(value: string, ms: number): string {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return late;
}

/** What the panel's parser, and the page's scope, say against a text. Empty while the answer is for an older text. */
export function useProblems(text: string, scope: Scope | undefined): readonly Problem[] {
  const asked = useDebounced(text, DEBOUNCE_MS);
  const parsed = useQuery({
    queryKey: keys.activations("parse", asked),
    queryFn: ({ signal }) => api.parseFilter({ text: asked }, signal),
    enabled: asked.trim() !== "",
    gcTime: 60_000,
  });
  return useMemo(() => {
    if (asked !== text || asked.trim() === "") return [];
    const written = (start: number, end: number) => text.slice(start, end);
    const found: Problem[] = (parsed.data ?? []).flatMap(({ start, end, problem }) =>
      problem === null ? [] : [{ start, term: written(start, end), why: problem }],
    );
    if (scope) {
      for (const { start, end } of scopedTerms(text)) {
        found.push({ start, term: written(start, end), why: `This page shows only ${scope.name}.` });
      }
    }
    return found;
  }, [asked, text, parsed.data, scope]);
}

interface FilterFieldProps {
  text: string;
  onChange: (text: string) => void;
  problems: readonly Problem[];
  placeholder: string;
  onLeave: () => void;
  ref: Ref<HTMLInputElement>;
}

/** The filter as one line of text, its terms marked as they are understood. */
export function FilterField({ text, onChange, problems, placeholder, onLeave, ref }: FilterFieldProps) {
  const marks = useRef<HTMLDivElement>(null);
  const terms = useMemo(() => splitTerms(text), [text]);
  const wrong = new Set(problems.map(({ start }) => start));
  const follow = (input: HTMLInputElement) => {
    if (marks.current) marks.current.style.transform = `translateX(${-input.scrollLeft}px)`;
  };

  return (
    <div className="relative flex h-7 min-w-0 flex-1 items-center rounded-md border border-line-strong bg-surface focus-within:outline-2 focus-within:outline-ring">
      <ListFilter size={14} className="ml-2 shrink-0 text-subtle" aria-hidden />
      <div className="relative h-full min-w-0 flex-1 overflow-hidden font-mono text-sm">
        <div
          ref={marks}
          aria-hidden
          className="pointer-events-none absolute inset-y-0 left-2 flex items-center whitespace-pre text-transparent"
        >
          {terms.map((term, index) => (
            <span key={term.start}>
              {text.slice(index === 0 ? 0 : (terms[index - 1]?.end ?? 0), term.start)}
              <span
                className={cx(
                  "rounded-sm py-0.5",
                  wrong.has(term.start)
                    ? "underline decoration-bad decoration-wavy underline-offset-3"
                    : term.key !== null && "bg-accent-soft",
                )}
              >
                {text.slice(term.start, term.end)}
              </span>
            </span>
          ))}
        </div>
        <input
          ref={ref}
          type="search"
          aria-label="Filter activations"
          aria-describedby={problems.length > 0 ? "filter-problems" : undefined}
          aria-invalid={problems.length > 0 || undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={text}
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value)}
          onScroll={(event) => follow(event.currentTarget)}
          onKeyUp={(event) => follow(event.currentTarget)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" && event.key !== "Escape" && event.key !== "ArrowDown") return;
            event.preventDefault();
            onLeave();
          }}
          className="absolute inset-0 h-full w-full appearance-none bg-transparent px-2 text-fg outline-none [&::-webkit-search-cancel-button]:hidden"
        />
      </div>
      {text !== "" && (
        <IconButton
          size="sm"
          label="Clear filter"
          icon={<X size={14} aria-hidden />}
          onClick={() => onChange("")}
          className="mr-px"
        />
      )}
    </div>
  );
}

/** Why terms are ignored, each with a way to take it out. */
export function Problems({
  text,
  problems,
  onChange,
}: {
  text: string;
  problems: readonly Problem[];
  onChange: (text: string) => void;
}) {
  return (
    <div
      id="filter-problems"
      role="status"
      className={cx(problems.length > 0 && "flex flex-col gap-0.5 px-4 pb-2")}
    >
      {problems.map(({ start, term, why }) => (
        <p key={`${start}:${term}`} className="flex items-center gap-1.5 text-sm text-warn">
          <TriangleAlert size={13} className="shrink-0" aria-hidden />
          <code>{term}</code>
          <span>is ignored. {why}</span>
          <button
            type="button"
            className="link h-6 px-1"
            aria-label={`Remove ${term}`}
            onClick={() => onChange(withoutTerm(text, start))}
          >
            Remove
          </button>
        </p>
      ))}
    </div>
  );
}
