import { ChevronRight } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef } from "react";
import { cx } from "@/ui/cx";
import { useWindowed } from "@/ui/useWindowed";
import { isContainer, isOpen, type Line, type Toggled, visibleLines } from "./lines";
import { type JsonNode, textOf } from "./parse";

const LINE = 20;

/** Characters of a value that a line shows; the text view has the rest. */
const SHOWN = 2000;

interface JsonTreeProps {
  root: JsonNode;
  text: string;
  label: string;
  toggled: Toggled;
  onToggle: (node: JsonNode) => void;
  active: JsonNode | null;
  onActive: (node: JsonNode) => void;
  /** Nodes to mark. */
  found: ReadonlySet<JsonNode>;
}

export function JsonTree({ root, text, label, toggled, onToggle, active, onActive, found }: JsonTreeProps) {
  const lines = useMemo(() => visibleLines(root, toggled), [root, toggled]);
  const { ref, first, end, height, scrollTo } = useWindowed(lines.length, LINE);
  const id = useId();
  const at = active ? lines.findIndex((line) => line.node === active) : -1;

  const shown = useRef<JsonNode | null>(null);
  useEffect(() => {
    if (at >= 0 && shown.current !== active) scrollTo(at);
    shown.current = active;
  }, [active, at, scrollTo]);

  function move(index: number) {
    const line = lines[Math.max(0, Math.min(lines.length - 1, index))];
    if (line) onActive(line.node);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines[at];
    const open = line !== undefined && isOpen(line.node, line.depth, toggled);
    const page = Math.max(1, Math.floor((ref.current?.clientHeight ?? 0) / LINE) - 1);
    const toggle = () => line && line.node.children.length > 0 && onToggle(line.node);
    switch (event.key) {
      case "ArrowDown":
        move(at + 1);
        break;
      case "ArrowUp":
        move(at < 0 ? 0 : at - 1);
        break;
      case "PageDown":
        move(at + page);
        break;
      case "PageUp":
        move(at - page);
        break;
      case "Home":
        move(0);
        break;
      case "End":
        move(lines.length - 1);
        break;
      case "ArrowRight":
        if (open || !line) move(at + 1);
        else toggle();
        break;
      case "ArrowLeft":
        if (line && open) onToggle(line.node);
        else if (line?.parent) onActive(line.parent);
        break;
      case "Enter":
      case " ":
        toggle();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      ref={ref}
      role="tree"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={at >= first && at < end ? `${id}-${at}` : undefined}
      onKeyDown={onKeyDown}
      className="min-h-0 flex-1 overflow-auto py-1 font-mono text-sm outline-offset-[-2px]"
    >
      <div role="none" className="relative min-w-max" style={{ height }}>
        {lines.slice(first, end).map((line, offset) => (
          <TreeLine
            key={`${line.node.start}:${line.node.end}`}
            id={`${id}-${first + offset}`}
            line={line}
            text={text}
            top={(first + offset) * LINE}
            open={isOpen(line.node, line.depth, toggled)}
            active={line.node === active}
            found={found.has(line.node)}
            onToggle={onToggle}
            onActive={onActive}
          />
        ))}
      </div>
    </div>
  );
}

interface TreeLineProps {
  id: string;
  line: Line;
  text: string;
  top: number;
  open: boolean;
  active: boolean;
  found: boolean;
  onToggle: (node: JsonNode) => void;
  onActive: (node: JsonNode) => void;
}

function TreeLine({ id, line, text, top, open, active, found, onToggle, onActive }: TreeLineProps) {
  const { node, depth, index, siblings } = line;
  const opens = node.children.length > 0;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the tree has the focus and the keys
    <div
      id={id}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={index + 1}
      aria-setsize={siblings}
      aria-expanded={opens ? open : undefined}
      aria-selected={active}
      onClick={() => {
        onActive(node);
        if (opens) onToggle(node);
      }}
      className={cx(
        "absolute left-0 flex h-5 min-w-full items-center pr-4 whitespace-pre",
        active ? "bg-selected" : "hover:bg-hover",
      )}
      style={{ transform: `translateY(${top}px)`, paddingLeft: 8 + depth * 16 }}
    >
      <span className="inline-flex w-4 shrink-0 justify-center text-subtle" aria-hidden>
        {opens && <ChevronRight size={12} className={cx(open && "rotate-90")} />}
      </span>
      <span className={cx(found && "rounded-sm bg-warn-soft outline-1 outline-warn")}>
        {depth > 0 && (
          <>
            <span className={node.key === null ? "text-subtle" : "text-(--code-name)"}>
              {node.key === null ? index : clip(JSON.stringify(node.key).slice(1, -1), 200)}
            </span>
            <span className="text-subtle">: </span>
          </>
        )}
        <Value node={node} text={text} open={open} />
      </span>
    </div>
  );
}

function Value({ node, text, open }: { node: JsonNode; text: string; open: boolean }) {
  if (!isContainer(node)) return <span className={COLOUR[node.kind]}>{clip(textOf(node, text), SHOWN)}</span>;
  const count = node.children.length;
  const [left, right, one, many] =
    node.kind === "object" ? ["{", "}", "key", "keys"] : ["[", "]", "item", "items"];
  if (count === 0) return <span className="text-muted">{`${left}${right}`}</span>;
  const size = `${count} ${count === 1 ? one : many}`;
  if (open) {
    return (
      <span className="text-muted">
        {left} <span className="text-subtle">{size}</span>
      </span>
    );
  }
  return (
    <span className="text-muted">
      {clip(text.slice(node.start, node.start + 121).replace(/\s+/gu, " "), 120)}
      {node.end - node.start > 120 && right} <span className="text-subtle">{size}</span>
    </span>
  );
}

const COLOUR: Record<string, string> = {
  string: "text-(--code-string)",
  number: "text-(--code-number)",
  literal: "text-(--code-keyword)",
};

function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
