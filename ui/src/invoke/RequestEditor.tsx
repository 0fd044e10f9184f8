import { Rows3, Text } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Select } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Tabs } from "@/ui/Tabs";
import { BODY_WORDS, BodyEditor } from "./BodyEditor";
import { impliedType } from "./draft";
import { HeaderRows } from "./HeaderRows";
import type { RequestProblem } from "./problem";
import { QueryRows } from "./QueryRows";
import { METHODS, type RequestForm } from "./request";
import { parseQuery } from "./rows";
import { TargetField } from "./TargetField";

type Tab = "query" | "headers" | "body";

interface RequestEditorProps {
  value: RequestForm;
  onChange: (value: RequestForm) => void;
  onSubmit: () => void;
  /** What keeps it from being sent. */
  problem: RequestProblem | null;
  /** How often it was not sent for that: each time the place to mend it is shown. */
  refusals: number;
}

/** Method, path, query, headers and body of a request. */
export function RequestEditor({ value, onChange, onSubmit, problem, refusals }: RequestEditorProps) {
  const { method, path, query, headers, type } = value;
  const [tab, setTab] = useState<Tab>(() => (type !== "none" ? "body" : query !== "" ? "query" : "headers"));
  const [bulk, setBulk] = useState(false);
  const editor = useRef<HTMLDivElement>(null);
  const set = (change: Partial<RequestForm>) => onChange({ ...value, ...change });
  const methods = METHODS.some((each) => each === method) ? METHODS : [method, ...METHODS];
  const sent = headers.length + (impliedType(value) === null ? 0 : 1);

  const shown = useRef(0);
  const where = problem?.where;
  useEffect(() => {
    if (refusals === shown.current || where === undefined) return;
    if (where !== "target" && tab !== where) {
      setBulk(false);
      setTab(where);
      return;
    }
    shown.current = refusals;
    const wrong = ["[aria-invalid=true]", "[role=tabpanel] .cm-content", "[role=tabpanel] button"];
    for (const each of wrong) {
      const found = editor.current?.querySelector<HTMLElement>(each);
      if (!found) continue;
      found.focus();
      break;
    }
  }, [refusals, where, tab]);

  return (
    <div ref={editor} className="flex min-h-0 flex-1 flex-col" data-testid="request-editor">
      <div className="grid shrink-0 grid-cols-[104px_1fr] gap-2 py-2 pr-4 pl-6">
        <Select aria-label="Method" value={method} onChange={(event) => set({ method: event.target.value })}>
          {methods.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
        <TargetField path={path} query={query} invalid={where === "target"} onChange={set} />
      </div>
      <Tabs
        label="Request"
        size="sm"
        value={tab}
        onChange={setTab}
        className="flex-1"
        panelClassName="flex flex-col overflow-hidden"
        aside={
          tab !== "body" && (
            <IconButton
              size="sm"
              label={bulk ? "Edit as rows" : "Edit as text"}
              icon={bulk ? <Rows3 size={14} aria-hidden /> : <Text size={14} aria-hidden />}
              onClick={() => setBulk(!bulk)}
            />
          )
        }
        items={[
          {
            id: "query",
            label: <Counted name="Query" count={query === "" ? 0 : parseQuery(query).length} />,
            panel: <QueryRows query={query} bulk={bulk} onChange={(next) => set({ query: next })} />,
          },
          {
            id: "headers",
            label: <Counted name="Headers" count={sent} />,
            panel: <HeaderRows form={value} bulk={bulk} problem={problem} onChange={set} />,
          },
          {
            id: "body",
            label: type === "none" ? "Body" : `Body ${BODY_WORDS[type]}`,
            panel: <BodyEditor form={value} onChange={onChange} onSubmit={onSubmit} />,
          },
        ]}
      />
    </div>
  );
}

function Counted({ name, count }: { name: string; count: number }) {
  return count === 0 ? name : `${name} ${count}`;
}
