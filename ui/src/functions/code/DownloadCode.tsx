import { useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type FunctionCode, type FunctionRef } from "@/platform";
import { IconButton } from "@/ui/IconButton";
import { Spinner } from "@/ui/Spinner";
import { saveFile } from "@/ui/saveFile";
import { toast } from "@/ui/toast";

/** Keeps the saved code as a file: a source, or the archive as it was uploaded. */
export function DownloadCode({ target }: { target: FunctionRef }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);

  async function download() {
    setBusy(true);
    try {
      const code = await api.functionCode({ function: target });
      saveFile(code.file, fileOf(code));
      // What is in a provider's package is known from now on.
      void client.invalidateQueries({ queryKey: keys.function(target) });
    } catch (thrown) {
      toast.failure(thrown);
    } finally {
      setBusy(false);
    }
  }

  return (
    <IconButton
      label="Download the saved code"
      icon={busy ? <Spinner /> : <Download size={14} aria-hidden />}
      disabled={busy}
      onClick={() => void download()}
    />
  );
}

function fileOf(code: FunctionCode): Blob {
  if (code.type === "source") return new Blob([code.text], { type: "text/plain" });
  const bytes = Uint8Array.from(atob(code.base64), (c) => c.charCodeAt(0));
  return new Blob([bytes], { type: "application/octet-stream" });
}
