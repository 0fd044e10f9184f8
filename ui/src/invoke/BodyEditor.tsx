import { AlignLeft } from "lucide-react";
import { CodeEditor } from "@/ui/CodeEditor";
import { Select } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { jsonProblem, prettyJson } from "@/ui/json";
import { FilePick } from "./FilePick";
import { RowList } from "./RowList";
import { type BodyType, type FormRow, type RequestForm, withType } from "./request";

const NAMES: Record<BodyType, string> = {
  none: "None",
  json: "JSON",
  text: "Text",
  form: "Form, URL-encoded",
  multipart: "Form data, with files",
  file: "File",
  base64: "Binary, as base64",
};

/** Of the tab: what is chosen, in a word. */
export const BODY_WORDS: Record<BodyType, string> = {
  none: "",
  json: "JSON",
  text: "text",
  form: "form",
  multipart: "form data",
  file: "file",
  base64: "binary",
};

interface BodyEditorProps {
  form: RequestForm;
  onChange: (form: RequestForm) => void;
  onSubmit: () => void;
}

export function BodyEditor({ form, onChange, onSubmit }: BodyEditorProps) {
  const { type, body } = form;
  return (
    <>
      <div className="flex h-9 shrink-0 items-center gap-2 pr-4 pl-6">
        <Select
          aria-label="Type of the body"
          className="max-w-60 min-w-0"
          value={type}
          onChange={(event) => onChange(withType(form, event.target.value as BodyType))}
        >
          {Object.entries(NAMES).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        {type === "json" && (
          <IconButton
            size="sm"
            className="ml-auto"
            label="Format"
            icon={<AlignLeft size={13} aria-hidden />}
            disabled={body.trim() === "" || jsonProblem(body) !== null}
            onClick={() => onChange({ ...form, body: prettyJson(body) })}
          />
        )}
      </div>
      <div className="flex min-h-0 flex-1 flex-col border-t border-line">
        <Written form={form} onChange={onChange} onSubmit={onSubmit} />
      </div>
    </>
  );
}

function Written({ form, onChange, onSubmit }: BodyEditorProps) {
  const { type, body, rows = [], file } = form;
  switch (type) {
    case "none":
      return <p className="py-3 pr-4 pl-6 text-muted">The request has no body.</p>;
    case "file":
      return (
        <div className="flex flex-wrap items-center gap-2 py-3 pr-4 pl-6">
          <FilePick label="File to send" file={file} onPick={(next) => onChange({ ...form, file: next })} />
          {file === undefined && <span className="text-muted">It is sent as it is, byte for byte.</span>}
        </div>
      );
    case "form":
    case "multipart":
      return (
        <Rows
          rows={rows}
          files={type === "multipart"}
          onChange={(next) => onChange({ ...form, rows: next })}
        />
      );
    default:
      return (
        <CodeEditor
          // Undo does not lead back into the text of another type.
          key={type}
          label={type === "base64" ? "Body, bytes as base64" : "Body"}
          language={type === "json" ? "json" : "text"}
          wrap={type === "base64"}
          value={body}
          onChange={(next) => onChange({ ...form, body: next })}
          onSubmit={onSubmit}
          className="flex-1"
        />
      );
  }
}

interface RowsProps {
  rows: FormRow[];
  files: boolean;
  onChange: (rows: FormRow[]) => void;
}

function Rows({ rows, files, onChange }: RowsProps) {
  return (
    <RowList
      what="Field"
      rows={rows}
      onChange={onChange}
      fresh={{ name: "", value: "" }}
      changed={(row, change) => ({ ...row, ...change })}
      valueless={({ file }) => files && file !== undefined}
      action={({ file }, at) =>
        files && (
          <FilePick
            icon
            label={`File of field ${at + 1}`}
            file={file}
            onPick={(next) =>
              onChange(rows.map((each, index) => (index === at ? { ...each, file: next } : each)))
            }
          />
        )
      }
    />
  );
}
