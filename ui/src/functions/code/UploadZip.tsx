import { Upload } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/ui/Button";
import { toBase64 } from "@/ui/base64";
import { formatBytes } from "@/ui/format";
import { toast } from "@/ui/toast";

/** The engine's own limit for code. */
const MAX_BYTES = 48 * 1024 * 1024;

interface UploadZipProps {
  busy: boolean;
  onUpload: (base64: string) => void;
}

export function UploadZip({ busy, onUpload }: UploadZipProps) {
  const input = useRef<HTMLInputElement>(null);

  async function read(file: File) {
    if (file.size > MAX_BYTES) {
      toast.info(
        `${file.name} has ${formatBytes(file.size)}; at most ${formatBytes(MAX_BYTES)} are accepted.`,
      );
      return;
    }
    try {
      onUpload(toBase64(new Uint8Array(await file.arrayBuffer())));
    } catch (thrown) {
      toast.failure(thrown);
    }
  }

  return (
    <>
      <Button
        icon={<Upload size={14} aria-hidden />}
        disabled={busy}
        onClick={() => input.current?.click()}
        title="Replaces the code; saved as the next version"
      >
        Upload zip…
      </Button>
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        aria-label="Zip file"
        tabIndex={-1}
        className="hidden"
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file may be chosen again after it was changed.
          event.target.value = "";
          if (file) void read(file);
        }}
      />
    </>
  );
}
