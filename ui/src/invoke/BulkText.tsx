import { useState } from "react";
import { Textarea } from "@/ui/Field";

interface BulkTextProps {
  label: string;
  placeholder: string;
  /** The rows as lines when this is opened; what is typed then stays as it is typed. */
  text: string;
  onChange: (text: string) => void;
}

/** Rows as lines of text, to paste many at once. */
export function BulkText({ label, placeholder, text, onChange }: BulkTextProps) {
  const [typed, setTyped] = useState(text);
  return (
    <Textarea
      aria-label={label}
      placeholder={placeholder}
      className="min-h-0 w-full flex-1 resize-none rounded-none! border-0! px-6 py-3 font-mono text-sm outline-offset-[-2px]"
      spellCheck={false}
      value={typed}
      onChange={({ target: { value } }) => {
        setTyped(value);
        onChange(value);
      }}
    />
  );
}
