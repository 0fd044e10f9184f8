import { useState } from "react";
import { Input } from "@/ui/Field";

interface TargetFieldProps {
  path: string;
  query: string;
  invalid: boolean;
  onChange: (target: { path: string; query: string }) => void;
}

/** Path and query as one line, as they stand in a URL. */
export function TargetField({ path, query, invalid, onChange }: TargetFieldProps) {
  const whole = query === "" ? path : `${path}?${query}`;
  // A `?` with nothing behind it yet is in the text alone.
  const [text, setText] = useState(whole);
  const typed = split(text);
  if (typed.path !== path || typed.query !== query) setText(whole);
  return (
    <Input
      aria-label="Path and query"
      aria-invalid={invalid}
      className="w-full min-w-0 font-mono text-sm"
      placeholder="/path?name=value"
      spellCheck={false}
      autoComplete="off"
      value={text}
      onChange={({ target: { value } }) => {
        setText(value);
        onChange(split(value));
      }}
    />
  );
}

function split(text: string): { path: string; query: string } {
  const at = text.indexOf("?");
  return at < 0 ? { path: text, query: "" } : { path: text.slice(0, at), query: text.slice(at + 1) };
}
