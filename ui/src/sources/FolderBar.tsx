import { useQueryClient } from "@tanstack/react-query";
import { FolderSync, RefreshCw } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useFolder } from "@/api/queries";
import { api, type FolderStatus, type FunctionRef } from "@/platform";
import { Badge, type Tone } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { FormError } from "@/ui/Field";
import { TimeText } from "@/ui/TimeText";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { FolderDialog } from "./FolderDialog";

const STATUS: Record<FolderStatus["state"], { text: string; tone: Tone; title: string }> = {
  unwatched: { text: "Not watched", tone: "neutral", title: "Deployed when you ask for it" },
  waiting: { text: "Waiting", tone: "neutral", title: "The watch is about to begin" },
  watching: { text: "Watching", tone: "ok", title: "Saving a file deploys it again" },
  deploying: { text: "Deploying", tone: "info", title: "A change is being deployed" },
  failed: { text: "Failed", tone: "bad", title: "The version before goes on serving" },
  missing: { text: "Folder missing", tone: "bad", title: "There is no such folder now" },
};

/** Above the code of a function that comes from a folder: which, how it is getting on, and what can be done. */
export function FolderBar({ target }: { target: FunctionRef }) {
  const client = useQueryClient();
  const state = useFolder(target).data;
  const [choosing, setChoosing] = useState(false);
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: keys.folders });
    await client.invalidateQueries({ queryKey: keys.function(target) });
  };
  const sync = useAttempt(async () => {
    const changed = await api.syncFolder({ function: target });
    toast.success(changed ? "Deployed as a new version" : "The function is what is in the folder");
    await refresh();
  });
  const tie = useAttempt(async (path: string | null, watch: boolean) => {
    await api.setFolder({ function: target, path, watch });
    await refresh();
  });
  if (!state) return null;
  const { folder, status } = state;
  const shown = STATUS[status.state];
  const error = sync.error ?? tie.error;

  return (
    <section aria-label="Folder" className="shrink-0 border-b border-line bg-inset px-6 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="flex min-w-0 flex-1 items-center gap-2">
          <FolderSync size={14} className="shrink-0 text-subtle" aria-hidden />
          <code className="min-w-0 truncate select-text" title={folder.path}>
            {folder.path}
          </code>
          <CopyButton text={folder.path} label="Copy path" />
          <Badge tone={shown.tone} title={shown.title}>
            {shown.text}
          </Badge>
          {state.lastDeploy !== null && (
            <span className="text-sm text-muted">
              Deployed <TimeText at={state.lastDeploy} />
            </span>
          )}
        </span>
        <Button
          size="sm"
          icon={<RefreshCw size={13} aria-hidden />}
          busy={sync.busy}
          onClick={() => void sync.run()}
        >
          Sync now
        </Button>
        <Button size="sm" disabled={tie.busy} onClick={() => setChoosing(true)}>
          Change…
        </Button>
        <Button
          size="sm"
          disabled={tie.busy}
          title="The code stays what it is; saving files in the folder changes nothing any more"
          onClick={() => void tie.run(null, false)}
        >
          Remove
        </Button>
        <Button size="sm" busy={tie.busy} onClick={() => void tie.run(folder.path, !folder.watch)}>
          {folder.watch ? "Stop watching" : "Watch"}
        </Button>
      </div>
      {status.state === "failed" && (
        <p role="status" className="mt-1.5 text-sm break-words text-bad">
          {status.error.message} The version before it goes on serving; the next saved file tries again.
        </p>
      )}
      {error !== null && <FormError error={error} className="mt-2" />}
      {choosing && (
        <FolderDialog
          name={target.name}
          path={folder.path}
          watch={folder.watch}
          onClose={() => setChoosing(false)}
          onSave={async (path, watch) => {
            await api.setFolder({ function: target, path, watch });
            setChoosing(false);
            await refresh();
          }}
        />
      )}
    </section>
  );
}
