import { Download } from "lucide-react";
import { useMemo, useState } from "react";
import { create } from "zustand";
import { Button } from "@/ui/Button";
import { CodeEditor } from "@/ui/CodeEditor";
import { CopyButton } from "@/ui/CopyButton";
import { formatBytes } from "@/ui/format";
import { IconButton } from "@/ui/IconButton";
import { Segmented } from "@/ui/Segmented";
import { saveFile } from "@/ui/saveFile";
import { type Body, base64Of, bytesOf, imageType, mediaType, textOf, type View, viewsOf } from "./body";
import { HexView } from "./HexView";
import { HtmlView } from "./HtmlView";
import { ImageView } from "./ImageView";
import { pretty } from "./json/parse";
import { TreeTools } from "./json/TreeTools";
import { TreeView } from "./json/TreeView";
import { useTree } from "./json/useTree";

/** What takes a while to draw is not drawn unasked above this. */
const LARGE = 256 * 1024;

const NAMES: Record<View, string> = {
  tree: "Tree",
  image: "Image",
  html: "Page",
  text: "Text",
  hex: "Hex",
};

interface BodyViewProps {
  body: Body;
  /** What it is: `Result`, `Input`. */
  label: string;
  /** The name of the file that it is kept as. */
  file: string;
  /** What to say where there are no bytes. */
  empty?: string;
  /** For the end-to-end tests. */
  testId?: string;
}

/** A body of any type: shown by its type, or as the person wants it. Fills its parent. */
export function BodyView(props: BodyViewProps) {
  const { body, empty = "The body is empty.", testId } = props;
  if (body.form === "empty") {
    return (
      <p data-testid={testId} className="px-4 py-8 text-center text-muted">
        {empty}
      </p>
    );
  }
  return <Shown key={body.document} {...props} />;
}

/** What was chosen for a type stays for the next body of that type: a run is often made again. */
const useChoices = create<{ chosen: Readonly<Record<string, View>> }>(() => ({ chosen: {} }));

function useChoice(body: Body): [View | undefined, (view: View) => void] {
  const type = mediaType(body) ?? body.form;
  const chosen = useChoices((choices) => choices.chosen[type]);
  return [
    chosen,
    (view) => useChoices.setState(({ chosen: others }) => ({ chosen: { ...others, [type]: view } })),
  ];
}

function Shown({ body, label, file, testId }: BodyViewProps) {
  const { form, document, contentType } = body;
  const kept = useMemo<Body>(() => ({ form, document, contentType }), [form, document, contentType]);
  const views = useMemo(() => viewsOf(kept), [kept]);
  const text = useMemo(() => (views.includes("text") ? textOf(kept) : ""), [kept, views]);
  const bytes = useMemo(() => bytesOf(kept), [kept]);
  const [choice, choose] = useChoice(kept);
  const [anyway, setAnyway] = useState(false);
  const large = bytes.length > LARGE && !anyway;
  const tree = useTree(form === "json" && !large ? text : null);

  const wanted = choice !== undefined && views.includes(choice) ? choice : views[0];
  const view = wanted === "tree" && !large && tree === null ? "text" : wanted;
  const drawn = view === "tree" || view === "text" || view === "html";
  const type = mediaType(kept);
  const textual = views.includes("text");
  const what = label.toLowerCase();

  return (
    <div data-testid={testId} className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-1 px-4">
        {views.length === 1 && <span className="text-sm text-muted">{NAMES[views[0] as View]}</span>}
        {view !== undefined && views.length > 1 && (
          <Segmented
            label={`Show ${what} as`}
            value={view}
            onChange={choose}
            options={views.map((each) => ({ value: each, label: NAMES[each] }))}
          />
        )}
        {view === "tree" && tree && <TreeTools tree={tree} label={label} />}
        <span
          className="ml-auto min-w-14 truncate pl-1 text-right text-sm text-subtle"
          title={contentType ?? undefined}
        >
          {formatBytes(bytes.length)}
          {type !== null && ` · ${type}`}
        </span>
        <CopyButton
          text={textual ? text : () => Promise.resolve(base64Of(kept))}
          label={textual ? `Copy ${what}` : `Copy ${what} as base64`}
        />
        <IconButton
          size="sm"
          label={`Download ${what}`}
          icon={<Download size={14} aria-hidden />}
          onClick={() => saveFile(file, new Blob([bytes], { type: "application/octet-stream" }))}
        />
      </div>
      {drawn && large ? (
        <Large bytes={bytes.length} text={text} json={form === "json"} onShow={() => setAnyway(true)} />
      ) : view === "tree" && tree ? (
        <TreeView tree={tree} label={label} />
      ) : view === "image" ? (
        <ImageOf body={kept} label={label} />
      ) : view === "html" ? (
        <HtmlView text={text} label={label} />
      ) : view === "hex" ? (
        <HexView bytes={bytes} label={label} />
      ) : (
        <div className="min-h-0 flex-1">
          <CodeEditor
            value={tree ? pretty(text) : text}
            language={tree ? "json" : "text"}
            label={label}
            readOnly
            wrap
          />
        </div>
      )}
    </div>
  );
}

function ImageOf({ body, label }: { body: Body; label: string }) {
  const type = imageType(body) ?? "image/png";
  const src = useMemo(() => `data:${type};base64,${base64Of(body)}`, [type, body]);
  return <ImageView src={src} type={type} label={label} />;
}

interface LargeProps {
  bytes: number;
  text: string;
  json: boolean;
  onShow: () => void;
}

function Large({ bytes, text, json, onShow }: LargeProps) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-8 text-center">
      <p className="text-muted">
        This is {formatBytes(bytes)} of {json ? "JSON" : "text"}. Drawing it can take a moment.
      </p>
      <Button onClick={onShow}>Render anyway</Button>
      <pre className="max-h-20 w-full max-w-160 overflow-hidden rounded-md bg-inset p-2 text-left break-all whitespace-pre-wrap text-subtle">
        {text.slice(0, 400)}…
      </pre>
    </div>
  );
}
