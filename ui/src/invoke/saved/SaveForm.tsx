import { useMemo, useState } from "react";
import type { CallbackChoice, SavedRequest } from "@/platform";
import { Button } from "@/ui/Button";
import { FormError, Input } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";
import { callbackUrlsOf, mayTell } from "../callback";
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
  const { text, callback } = session;
  const notes = useMemo(() => howKept(text ?? "", http, callback), [text, http, callback]);

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

/** What of a request is not saved with it, and what is that may be taken for hidden. */
function howKept(text: string, http: boolean, callback: CallbackChoice): string[] {
  const form = http ? parseRequest(text) : null;
  const notes: string[] = [];
  const credentials = form === null ? [] : credentialsOf(form);
  if (credentials.length > 0) {
    notes.push(`The value of ${credentials.join(" and ")} is not saved: you fill it in when you send it.`);
  }
  if (form !== null && filesOf(form).length > 0)
    notes.push("Files are saved by name: you choose them again.");
  const urls = form === null ? [] : callbackUrlsOf(form);
  if (callback.to === "url") urls.push(callback.url);
  if (urls.some(mayTell)) {
    notes.push("The callback URL is saved as typed, in plain text, on this machine: with all that is in it.");
  }
  return notes;
}
