import { X } from "lucide-react";
import { IconButton } from "@/ui/IconButton";
import { BulkText } from "./BulkText";
import { impliedType } from "./draft";
import type { RequestProblem } from "./problem";
import { RowList } from "./RowList";
import type { Header, RequestForm } from "./request";
import { headerText, parseHeaderText } from "./rows";

interface HeaderRowsProps {
  form: RequestForm;
  bulk: boolean;
  problem: RequestProblem | null;
  onChange: (change: Partial<RequestForm>) => void;
}

export function HeaderRows({ form, bulk, problem, onChange }: HeaderRowsProps) {
  const { headers } = form;
  if (bulk) {
    return (
      <BulkText
        label="Headers, one a line"
        placeholder="X-Name: value"
        text={headerText(headers)}
        onChange={(text) => onChange({ headers: parseHeaderText(text, headers) })}
      />
    );
  }
  const unfilled = ({ masked, value }: Header) => masked && value === "";
  return (
    <RowList
      what="Header"
      rows={headers}
      onChange={(next) => onChange({ headers: next })}
      fresh={{ name: "", value: "" }}
      changed={(header, change) => ({ ...header, ...change })}
      namePlaceholder="X-Name"
      valuePlaceholder={({ masked }) => (masked ? "Not kept: type it again, or remove it" : undefined)}
      invalid={(header, at) => {
        if (unfilled(header)) return "value";
        if (problem?.where !== "headers" || problem.row !== at) return undefined;
        return problem.text.startsWith("The value") ? "value" : "name";
      }}
    >
      <Implied form={form} onChange={onChange} />
    </RowList>
  );
}

/** The Content-Type that goes along without being typed. */
function Implied({ form, onChange }: Pick<HeaderRowsProps, "form" | "onChange">) {
  const type = impliedType(form);
  if (form.untyped && impliedType({ ...form, untyped: undefined }) !== null) {
    return (
      <p className="flex min-h-7 items-center gap-2 text-sm text-muted">
        No Content-Type is sent.
        <button type="button" className="link min-h-6" onClick={() => onChange({ untyped: undefined })}>
          Send the body's own
        </button>
      </p>
    );
  }
  if (type === null) return null;
  return (
    <p className="flex min-h-7 items-center gap-2 text-sm text-muted">
      <span className="min-w-0 flex-1 truncate pl-2.5" title="It follows from the body's type">
        <code>Content-Type: {type}</code> <span className="text-subtle">from the body</span>
      </span>
      <IconButton
        label="Send no Content-Type"
        icon={<X size={14} aria-hidden />}
        onClick={() => onChange({ untyped: true })}
      />
    </p>
  );
}
