import { Paperclip, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { formatBytes } from "@/ui/format";
import { IconButton } from "@/ui/IconButton";
import { toast } from "@/ui/toast";
import { dropFile, type FileRef, fileBase64, keepFile } from "./files";
import { MOST_BYTES } from "./problem";

interface FilePickProps {
  /** Which file: `File of field 1`. */
  label: string;
  file: FileRef | undefined;
  onPick: (file: FileRef | undefined) => void;
  /** Only an icon, while there is no file. */
  icon?: boolean;
}

/** A file that is sent as it is; its name once one is chosen. */
export function FilePick({ label, file, onPick, icon = false }: FilePickProps) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  // The button that was pressed gives way to another.
  const pressed = useRef(false);
  useEffect(() => {
    if (!pressed.current) return;
    pressed.current = false;
    root.current?.querySelector("button")?.focus();
  });

  function pick(next: FileRef | undefined) {
    dropFile(file);
    pressed.current = true;
    onPick(next);
  }

  const choose = () => input.current?.click();
  const lost = file !== undefined && fileBase64(file) === undefined;

  async function read(chosen: File) {
    if (chosen.size > MOST_BYTES) {
      toast.info(
        `${chosen.name} has ${formatBytes(chosen.size)}; at most ${formatBytes(MOST_BYTES)} are accepted.`,
      );
      return;
    }
    setBusy(true);
    try {
      pick(await keepFile(chosen));
    } catch (thrown) {
      toast.failure(thrown);
    } finally {
      setBusy(false);
    }
  }

  return (
    <span
      ref={root}
      className={
        file === undefined
          ? "inline-flex shrink-0"
          : cx("flex min-w-16 items-center", icon && "mr-9 w-0 flex-3")
      }
    >
      <input
        ref={input}
        type="file"
        aria-label={label}
        tabIndex={-1}
        className="hidden"
        onChange={({ target }) => {
          const chosen = target.files?.[0];
          // The same file can be chosen again.
          target.value = "";
          if (chosen) void read(chosen);
        }}
      />
      {file !== undefined ? (
        <span className="flex min-w-0 flex-1 items-center gap-2">
          <Button
            size="md"
            busy={busy}
            aria-invalid={lost}
            aria-label={`${label}: ${file.name}. Choose another`}
            icon={<Paperclip size={13} aria-hidden />}
            className={cx("min-w-0 shrink!", lost && "border-bad!")}
            onClick={choose}
          >
            <span className="truncate">{file.name}</span>
          </Button>
          <span className="text-sm whitespace-nowrap text-subtle">{formatBytes(file.size)}</span>
          <IconButton
            size="sm"
            label={`Remove ${file.name}`}
            icon={<X size={14} aria-hidden />}
            onClick={() => pick(undefined)}
          />
        </span>
      ) : icon ? (
        <IconButton
          label={`${label}: choose one instead of a value`}
          icon={<Paperclip size={14} aria-hidden />}
          disabled={busy}
          onClick={choose}
        />
      ) : (
        <Button busy={busy} icon={<Paperclip size={14} aria-hidden />} onClick={choose}>
          Choose file…
        </Button>
      )}
    </span>
  );
}
