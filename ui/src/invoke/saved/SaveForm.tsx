import { useMemo, useState } from "react";
import type { SavedRequest } from "@/platform";
import { Button } from "@/ui/Button";
import { FormError, Input } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";
import { credentialsOf, filesOf, parseRequest } from "../request";
import type { InvokeSession } from "../session";
import { sameName } from "./call";
import { LONGEST_NAME } from "./SavedList";

interface SaveFormProps {
  session: InvokeSession;
  http: boolean;
  rows: readonly SavedRequest[];
  onSave: (name: string, old: SavedRequest | undefined) => Promise<void>;
}

/** Saves what is in the pane; under a name that is taken, in that one's place. */
export function SaveForm({ session, http, rows, onSave }: SaveFormProps) {
  const [name, setName] = useState(session.saved ?? "");
  const old = rows.find((row) => sameName(row.name, name));
  const save = useAttempt(() => onSave(name.trim(), old));
  const notes = useMemo(() => (http ? notKept(session.text ?? "") : []), [http, session.text]);

  return (
    <form
      aria-label="Save this request"
      className="flex shrink-0 flex-col gap-2 border-t border-line px-4 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") void save.run();
      }}
    >
      <div className="flex items-center gap-2">
        <Input
          aria-label="Name for this request"
          placeholder="Name for this request"
          className="min-w-0 flex-1"
          maxLength={LONGEST_NAME}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button
          type="submit"
          variant="primary"
          busy={save.busy}
          disabled={name.trim() === ""}
          className="min-w-18"
        >
          {old ? "Replace" : "Save"}
        </Button>
      </div>
      {notes.map((note) => (
        <p key={note} className="text-sm text-muted">
          {note}
        </p>
      ))}
      {save.error !== null && <FormError error={save.error} />}
    </form>
  );
}

/** What of a request is not saved with it. */
function notKept(text: string): string[] {
  const form = parseRequest(text);
  const notes: string[] = [];
  const credentials = credentialsOf(form);
  if (credentials.length > 0) {
    notes.push(`The value of ${credentials.join(" and ")} is not saved: you fill it in when you send it.`);
  }
  if (filesOf(form).length > 0) notes.push("Files are saved by name: you choose them again.");
  return notes;
}
