import { useInboxes } from "@/inboxes/queries";
import type { CallbackChoice } from "@/platform";
import { Input, Select } from "@/ui/Field";

interface CallbackFieldProps {
  /** What becomes of the end where nobody is named. */
  nobody: string;
  value: CallbackChoice;
  onChange: (value: CallbackChoice) => void;
}

/** Who is called when an asynchronous run is over. */
export function CallbackField({ nobody, value, onChange }: CallbackFieldProps) {
  const inboxes = useInboxes().data?.filter(({ url }) => url !== null) ?? [];
  const gone = value.to === "inbox" && !inboxes.some(({ id }) => id === value.id);
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-2 border-b border-line py-1 pr-4 pl-6 text-sm">
      <label htmlFor="callback" className="text-muted">
        When it is over, call
      </label>
      <Select
        id="callback"
        className="max-w-60"
        value={gone ? "nobody" : value.to === "inbox" ? value.id : value.to}
        onChange={({ target: { value: to } }) =>
          onChange(
            to === "nobody" || to === "new"
              ? { to }
              : to === "url"
                ? { to, url: "" }
                : { to: "inbox", id: to },
          )
        }
      >
        <option value="nobody">{nobody}</option>
        {inboxes.map(({ id, label }) => (
          <option key={id} value={id}>
            Inbox “{label}”
          </option>
        ))}
        <option value="new">A new inbox here</option>
        <option value="url">Another URL…</option>
      </Select>
      {value.to === "url" && (
        <Input
          aria-label="Callback URL"
          className="min-w-40 flex-1 font-mono text-sm"
          placeholder="http://127.0.0.1:8080/done"
          spellCheck={false}
          autoComplete="off"
          value={value.url}
          onChange={(event) => onChange({ to: "url", url: event.target.value })}
        />
      )}
    </div>
  );
}
