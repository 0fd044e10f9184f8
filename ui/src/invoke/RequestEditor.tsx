import { Plus, Trash2 } from "lucide-react";
import { Button } from "@/ui/Button";
import { CodeEditor } from "@/ui/CodeEditor";
import { Input, Select } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { METHODS, type RequestForm } from "./request";

interface RequestEditorProps {
  value: RequestForm;
  onChange: (value: RequestForm) => void;
  onSubmit: () => void;
}

/** Method, path, query, headers and body of a request. */
export function RequestEditor({ value, onChange, onSubmit }: RequestEditorProps) {
  const { headers } = value;
  const set = (change: Partial<RequestForm>) => onChange({ ...value, ...change });
  const setHeader = (at: number, change: Partial<RequestForm["headers"][number]>) =>
    set({ headers: headers.map((each, index) => (index === at ? { ...each, ...change } : each)) });
  const json = headers.some(
    ({ name, value: type }) => /^content-type$/i.test(name.trim()) && /json/i.test(type),
  );
  const methods = METHODS.some((each) => each === value.method) ? METHODS : [value.method, ...METHODS];

  return (
    <div className="flex min-h-0 flex-1 flex-col" data-testid="request-editor">
      <div className="flex shrink-0 flex-col gap-2 border-b border-line py-3 pr-4 pl-6">
        <div className="grid grid-cols-[104px_1fr_1fr] gap-2">
          <Select
            aria-label="Method"
            value={value.method}
            onChange={(event) => set({ method: event.target.value })}
          >
            {methods.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </Select>
          <Input
            aria-label="Path"
            className="w-full min-w-0 font-mono text-sm"
            placeholder="/"
            spellCheck={false}
            autoComplete="off"
            value={value.path}
            onChange={(event) => set({ path: event.target.value })}
          />
          <Input
            aria-label="Query"
            className="w-full min-w-0 font-mono text-sm"
            placeholder="name=value"
            spellCheck={false}
            autoComplete="off"
            value={value.query}
            onChange={(event) => set({ query: event.target.value })}
          />
        </div>
        <div className="flex max-h-40 flex-col gap-1.5 overflow-y-auto">
          {headers.map((header, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity, and hold no state
            <div key={index} className="grid grid-cols-[2fr_3fr_28px] gap-2">
              <Input
                aria-label={`Header ${index + 1}: name`}
                className="min-w-0 font-mono text-sm"
                placeholder="X-Name"
                spellCheck={false}
                autoComplete="off"
                value={header.name}
                onChange={(event) => setHeader(index, { name: event.target.value })}
              />
              <Input
                aria-label={`Header ${index + 1}: value`}
                className="min-w-0 font-mono text-sm"
                placeholder={header.masked ? "Not kept: type it again, or remove it" : undefined}
                aria-invalid={header.masked && header.value === ""}
                spellCheck={false}
                autoComplete="off"
                value={header.value}
                onChange={(event) => setHeader(index, { value: event.target.value })}
              />
              <IconButton
                label={`Remove header ${index + 1}`}
                icon={<Trash2 size={14} aria-hidden />}
                onClick={() => set({ headers: headers.filter((_, at) => at !== index) })}
              />
            </div>
          ))}
          <div>
            <Button
              size="sm"
              icon={<Plus size={13} aria-hidden />}
              onClick={() => set({ headers: [...headers, { name: "", value: "" }] })}
            >
              Add header
            </Button>
          </div>
        </div>
      </div>
      {value.base64 && (
        <p className="border-b border-line py-1.5 pr-4 pl-6 text-sm text-muted">
          The body is bytes, written as base64.{" "}
          <button type="button" className="link min-h-6" onClick={() => set({ body: "", base64: undefined })}>
            Write text instead
          </button>
        </p>
      )}
      <CodeEditor
        label={value.base64 ? "Body, bytes as base64" : "Body"}
        language={json ? "json" : "text"}
        value={value.body}
        onChange={(body) => set({ body })}
        onSubmit={onSubmit}
        className="flex-1"
      />
    </div>
  );
}
