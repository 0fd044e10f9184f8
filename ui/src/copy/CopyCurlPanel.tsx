import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { useConnections, useOverview } from "@/api/queries";
import { api, type CopyForm, type CopyMode, type CopySource, type CopyToken, can } from "@/platform";
import { explain } from "@/platform/errors";
import { announce } from "@/ui/announce";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { FormError } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { copyCommand, FORM_WORDS, TOKEN_WORDS } from "./copyCommand";
import { useCopyPrefs } from "./useCopyPrefs";

const FORMS: readonly { id: CopyForm; label: string; meaning: string }[] = [
  { id: "curl", label: "curl", meaning: "For sh, bash and zsh." },
  { id: "doctl", label: "doctl", meaning: "DigitalOcean's command line, connected to this namespace." },
  { id: "wsk", label: "wsk", meaning: "OpenWhisk's command line." },
  { id: "npm", label: "Node", meaning: "With the package openwhisk from npm." },
  { id: "python", label: "Python", meaning: "With the package requests from PyPI." },
];

const MODES: readonly { id: CopyMode; label: string; meaning: string }[] = [
  { id: "blocking", label: "Record", meaning: "Waits, and answers the whole record." },
  { id: "result", label: "Result only", meaning: "Waits, and answers what the function returned." },
  { id: "non_blocking", label: "Asynchronous", meaning: "Answers the activation id at once." },
  { id: "list", label: "List runs", meaning: "Runs nothing: answers the function's newest runs." },
];

const READ_RECORD: (typeof MODES)[number] = {
  id: "record",
  label: "Read record",
  meaning: "Runs nothing: answers the record of this run.",
};

const REQUEST_MODES: typeof MODES = [
  { id: "blocking", label: "Response", meaning: "Waits, and answers the function's own response." },
  { id: "non_blocking", label: "Asynchronous", meaning: "Answers 202 at once." },
];

const TOKENS: readonly { id: CopyToken; label: string }[] = [
  { id: "masked", label: "Masked" },
  { id: "env", label: "$VARIABLE" },
  { id: "real", label: "Real" },
];

interface CopyCurlPanelProps {
  source: CopySource;
  defaultMode: CopyMode;
  onDone: () => void;
}

export function CopyCurlPanel({ source, defaultMode, onDone }: CopyCurlPanelProps) {
  const [mode, setMode] = useState<CopyMode>(defaultMode);
  const { token: preferred, set: setToken, form: preferredForm, setForm } = useCopyPrefs();
  const request = source.type === "request";
  const connections = useConnections();
  const connection = request && connections.data?.find(({ id }) => id === source.function.connection);
  // Functions that speak HTTP are called without a token, but for those of a space.
  const spaces = connection ? connection.kind === "spaces" : false;
  const open = request && !spaces;
  const forms = spaces ? FORMS.filter(({ id }) => id === "curl" || id === "python") : FORMS;
  const form = !open && forms.some(({ id }) => id === preferredForm) ? preferredForm : "curl";
  const modes = request ? REQUEST_MODES : source.type === "run" ? [...MODES, READ_RECORD] : MODES;
  // doctl has credentials of its own.
  const plain = open || form === "doctl";
  const token = plain ? "masked" : preferred;
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const overview = useOverview();
  const hostClipboard = overview.data?.hostClipboard ?? can("hostClipboard");

  // The real form is never asked for to be shown: what is shown then is the masked one.
  const shown = token === "env" ? "env" : "masked";
  const preview = useQuery({
    queryKey: ["copy-call", source, form, mode, shown],
    queryFn: ({ signal }) => api.copyCall({ source, form, mode, token: shown, to: "page" }, signal),
    gcTime: 0,
    staleTime: 0,
  });
  const error = failure ?? preview.error;

  async function copy() {
    setBusy(true);
    setFailure(null);
    try {
      const { variable } = await copyCommand(source, form, mode, token, hostClipboard);
      toast.success(
        variable
          ? `${FORM_WORDS[form]} copied. Set ${variable} before you run it.`
          : open
            ? "curl copied"
            : `${FORM_WORDS[form]} copied, ${TOKEN_WORDS[token]}`,
      );
      announce("Copied");
      onDone();
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="flex flex-col gap-3 px-4 pt-2 pb-4">
      {!open && (
        <Choice
          label="For"
          value={form}
          options={forms}
          onChange={(next) => {
            setForm(next);
            setFailure(null);
          }}
          note={
            form === "doctl" && preview.data?.variable ? (
              <TokenNote token="env" variable={preview.data.variable} />
            ) : (
              FORMS.find(({ id }) => id === form)?.meaning
            )
          }
        />
      )}
      <Choice
        label="Call"
        value={mode}
        options={modes}
        onChange={(next) => {
          setMode(next);
          setFailure(null);
        }}
        note={modes.find(({ id }) => id === mode)?.meaning}
      />
      {!plain && (
        <Choice
          label="Token"
          value={token}
          options={TOKENS}
          onChange={(next) => {
            setToken(next);
            setFailure(null);
          }}
          note={<TokenNote token={token} variable={preview.data?.variable ?? null} />}
        />
      )}
      {error ? (
        <FormError error={explain(error)} />
      ) : (
        <pre
          data-testid="copy-preview"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
          tabIndex={0}
          className={cx(
            "max-h-48 min-h-16 overflow-auto rounded-md border border-line bg-inset p-3 break-all whitespace-pre-wrap select-text",
            preview.isPlaceholderData && "opacity-60",
          )}
        >
          {preview.data?.text ?? ""}
        </pre>
      )}
      <div className="flex items-center justify-end gap-2">
        {token === "real" && (
          <p className="flex-1 text-sm text-muted">Anyone who has the copied text can call this function.</p>
        )}
        <Button
          variant="primary"
          icon={<Copy size={14} aria-hidden />}
          busy={busy}
          onClick={copy}
          data-testid="copy-curl-now"
        >
          Copy
        </Button>
      </div>
    </div>
  );
}

function TokenNote({ token, variable }: { token: CopyToken; variable: string | null }) {
  if (token === "masked") return "To show or share: without its token it does not run.";
  if (token === "real") return "Goes straight to the clipboard and is not shown here.";
  if (variable === null) return "Takes the token from the environment.";
  return (
    <>
      Set it first: <code className="select-all">export {variable}=…</code>
    </>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { id: T; label: string }[];
  onChange: (value: T) => void;
  note: ReactNode;
}

function Choice<T extends string>({ label, value, options, onChange, note }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className="grid grid-cols-[56px_1fr] items-center gap-y-1">
      <legend className="sr-only">{label}</legend>
      <span aria-hidden className="text-muted">
        {label}
      </span>
      <div className="flex gap-px justify-self-start rounded-md border border-line bg-inset p-px">
        {options.map((option) => (
          <label
            key={option.id}
            className="relative flex h-6 items-center rounded-[5px] border border-transparent px-2.5 text-sm text-muted select-none hover:text-fg has-checked:border-line has-checked:bg-raised has-checked:font-medium has-checked:text-fg has-focus-visible:outline-2 has-focus-visible:outline-ring"
          >
            <input
              type="radio"
              name={name}
              checked={value === option.id}
              onChange={() => onChange(option.id)}
              className="absolute inset-0 opacity-0"
            />
            {option.label}
          </label>
        ))}
      </div>
      <p className="col-start-2 min-h-4 text-sm text-subtle">{note}</p>
    </fieldset>
  );
}
