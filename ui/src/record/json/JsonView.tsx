import { ChevronDown, ChevronsDownUp, ChevronsUpDown, ChevronUp, Search } from "lucide-react";
import { useMemo, useState } from "react";
import { Button } from "@/ui/Button";
import { CodeEditor } from "@/ui/CodeEditor";
import { CopyButton } from "@/ui/CopyButton";
import { formatBytes } from "@/ui/format";
import { IconButton } from "@/ui/IconButton";
import { Segmented } from "../Segmented";
import { JsonTree } from "./JsonTree";
import { allToggled, countNodes, pathOf, revealing, search, type Toggled } from "./lines";
import { type JsonNode, parseJson, plainOf, pretty } from "./parse";

/** Values above this are not drawn unasked. */
export const LARGE = 256 * 1024;

/** Trees above this cannot be opened as a whole. */
const MOST_OPEN = 200_000;

interface JsonViewProps {
  text: string;
  label: string;
  /** For the end-to-end tests. */
  testId?: string;
}

/** A JSON text as a tree to look around in, or as text. Large ones wait to be asked for. */
export function JsonView({ text, label, testId }: JsonViewProps) {
  const [anyway, setAnyway] = useState(false);
  if (text.length > LARGE && !anyway) {
    return (
      <div data-testid={testId} className="flex flex-col items-center gap-3 px-6 py-8 text-center">
        <p className="text-muted">
          This is {formatBytes(text.length)} of JSON. Drawing it can take a moment.
        </p>
        <div className="flex gap-2">
          <Button onClick={() => setAnyway(true)}>Render anyway</Button>
          <CopyButton text={text} label="Copy JSON" words size="md" />
        </div>
        <pre className="max-h-20 w-full max-w-160 overflow-hidden rounded-md bg-inset p-2 text-left break-all whitespace-pre-wrap text-subtle">
          {text.slice(0, 400)}…
        </pre>
      </div>
    );
  }
  return <Shown key={text} text={text} label={label} testId={testId} />;
}

function read(text: string): JsonNode | null {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

function Shown({ text, label, testId }: JsonViewProps) {
  const root = useMemo(() => read(text), [text]);
  const [form, setForm] = useState<"tree" | "text">("tree");
  const [toggled, setToggled] = useState<Toggled>(new Set());
  const [active, setActive] = useState<JsonNode | null>(null);
  const [words, setWords] = useState("");
  const matches = useMemo(() => (root ? search(root, text, words) : []), [root, text, words]);
  const found = useMemo(() => new Set(matches), [matches]);

  if (!root) {
    // What the function's system called JSON, but is not: shown as it came.
    return (
      <div data-testid={testId} className="min-h-0 flex-1">
        <CodeEditor value={text} language="text" label={label} readOnly wrap />
      </div>
    );
  }

  const at = active ? matches.indexOf(active) : -1;
  const goTo = (index: number) => {
    const target = matches[(index + matches.length) % matches.length];
    if (!target) return;
    setToggled(revealing(root, target, toggled));
    setActive(target);
  };
  const toggle = (node: JsonNode) => {
    const next = new Set(toggled);
    if (!next.delete(node)) next.add(node);
    setToggled(next);
  };

  return (
    <div data-testid={testId} className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-1 px-4">
        <Segmented
          label="Form"
          value={form}
          onChange={setForm}
          choices={[
            { id: "tree", label: "Tree" },
            { id: "text", label: "Text" },
          ]}
        />
        {form === "tree" && root.children.length > 0 && (
          <>
            <IconButton
              size="sm"
              label="Open all"
              icon={<ChevronsUpDown size={14} aria-hidden />}
              disabled={countNodes(root) > MOST_OPEN}
              onClick={() => setToggled(allToggled(root, true))}
            />
            <IconButton
              size="sm"
              label="Close all"
              icon={<ChevronsDownUp size={14} aria-hidden />}
              onClick={() => setToggled(allToggled(root, false))}
            />
            <div className="relative ml-1 flex min-w-0 items-center">
              <Search size={13} className="pointer-events-none absolute left-2 text-subtle" aria-hidden />
              <input
                type="text"
                value={words}
                onChange={(event) => setWords(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key === "Enter") goTo(at + (event.shiftKey ? -1 : 1));
                  if (event.key === "Escape" && words !== "") {
                    event.stopPropagation();
                    setWords("");
                  }
                }}
                placeholder="Search keys and values"
                aria-label={`Search in ${label.toLowerCase()}`}
                className="h-6 w-48 min-w-0 rounded-md border border-line bg-surface pr-2 pl-7 text-sm"
              />
            </div>
            {words !== "" && (
              <>
                <span role="status" className="px-1 text-sm whitespace-nowrap text-muted">
                  {matches.length === 0 ? "No match" : `${at < 0 ? "–" : at + 1} of ${matches.length}`}
                </span>
                <IconButton
                  size="sm"
                  label="Previous match"
                  icon={<ChevronUp size={14} aria-hidden />}
                  disabled={matches.length === 0}
                  onClick={() => goTo(at < 0 ? -1 : at - 1)}
                />
                <IconButton
                  size="sm"
                  label="Next match"
                  icon={<ChevronDown size={14} aria-hidden />}
                  disabled={matches.length === 0}
                  onClick={() => goTo(at + 1)}
                />
              </>
            )}
          </>
        )}
        <span className="ml-auto text-sm whitespace-nowrap text-subtle">{formatBytes(text.length)}</span>
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
      </div>
      {form === "text" ? (
        <div className="min-h-0 flex-1">
          <CodeEditor value={pretty(text)} language="json" label={label} readOnly wrap />
        </div>
      ) : (
        <>
          <JsonTree
            root={root}
            text={text}
            label={label}
            toggled={toggled}
            onToggle={toggle}
            active={active}
            onActive={setActive}
            found={found}
          />
          {active && (
            <div className="flex h-7 shrink-0 items-center gap-1 border-t border-line pr-2 pl-4">
              <code className="min-w-0 flex-1 truncate text-muted" title={pathOf(root, active)}>
                {pathOf(root, active)}
              </code>
              <CopyButton text={pathOf(root, active)} label="Copy path" words className="h-6" />
              <CopyButton text={plainOf(active, text)} label="Copy value" words className="h-6" />
            </div>
          )}
        </>
      )}
    </div>
  );
}
