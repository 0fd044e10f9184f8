import { ChevronDown, ChevronsDownUp, ChevronsUpDown, ChevronUp, Search } from "lucide-react";
import { IconButton } from "@/ui/IconButton";
import { allToggled, countNodes } from "./lines";
import type { Tree } from "./useTree";

/** Trees above this cannot be opened as a whole. */
const MOST_OPEN = 200_000;

/** Opens and closes all of a tree, and searches in it. */
export function TreeTools({ tree, label }: { tree: Tree; label: string }) {
  const { root, words, matches, at, setToggled, setWords, goTo } = tree;
  if (root.children.length === 0) return null;
  return (
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
      <div className="relative ml-1 flex min-w-20 shrink items-center">
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
  );
}
