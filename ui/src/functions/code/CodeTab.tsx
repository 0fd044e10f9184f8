import { useQueryClient } from "@tanstack/react-query";
import { FileArchive, FolderSync, Save } from "lucide-react";
import { useEffect, useState } from "react";
import { keys } from "@/api/keys";
import { useCapabilities, useFolder, useProduction } from "@/api/queries";
import { useActions } from "@/app/actions";
import { editorLanguage } from "@/app/kinds";
import { BuildLive } from "@/builds/BuildLive";
import { tells, useBuildWatch } from "@/builds/useBuildWatch";
import { api, type CodeInput, type FunctionDetail, type FunctionRef, toCallError } from "@/platform";
import { FolderBar } from "@/sources/FolderBar";
import { FolderDialog } from "@/sources/FolderDialog";
import { Button } from "@/ui/Button";
import { CodeEditor } from "@/ui/CodeEditor";
import { EmptyState } from "@/ui/EmptyState";
import { FormError } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { Components } from "./Components";
import { ConflictDialog } from "./ConflictDialog";
import { DownloadCode } from "./DownloadCode";
import { UploadZip } from "./UploadZip";
import { ZipEntries } from "./ZipEntries";

const UPLOAD = "To change it, upload a new zip.";

interface CodeTabProps {
  target: FunctionRef;
  detail: FunctionDetail;
  /** Whether this tab is in sight; unsaved changes keep it alive behind another one. */
  active: boolean;
  onUnsaved: (unsaved: boolean) => void;
}

export function CodeTab({ target, detail, active, onUnsaved }: CodeTabProps) {
  const client = useQueryClient();
  const { code } = detail;
  const isSequence = code.type === "sequence";
  const editable = detail.edits.code && !isSequence;
  const production = useProduction(target.connection);
  const versions = useCapabilities(target.connection)?.versions !== false;
  const stored = code.type === "source" ? code.text : "";
  // What the edits started from: the version that a save replaces, even when a newer one arrives meanwhile.
  const [base, setBase] = useState({ version: detail.version, text: stored });
  const [text, setText] = useState(stored);
  const [conflict, setConflict] = useState<CodeInput | null>(null);
  const watched = useBuildWatch(target);
  const folder = useFolder(target).data;
  const [choosing, setChoosing] = useState(false);
  const dirty = code.type === "source" && text !== base.text;

  useEffect(() => {
    onUnsaved(dirty);
  }, [dirty, onUnsaved]);
  useEffect(() => {
    if (dirty || base.version === detail.version) return;
    setBase({ version: detail.version, text: stored });
    setText(stored);
  }, [dirty, base.version, detail.version, stored]);

  function take(saved: FunctionDetail) {
    const savedText = saved.code.type === "source" ? saved.code.text : "";
    client.setQueryData(keys.function(target), saved);
    setBase({ version: saved.version, text: savedText });
    return savedText;
  }

  const save = useAttempt(async (input: CodeInput, expectedVersion: string) => {
    try {
      const saved = await api.saveCode({ function: target, code: input, expectedVersion });
      take(saved);
      if (input.type === "zip") setText("");
      setConflict(null);
      toast.success(versions ? `Saved as version ${saved.version}` : "Saved");
    } catch (thrown) {
      if (toCallError(thrown).code !== "conflict") throw thrown;
      setConflict(input);
    }
  });

  const saveText = () => {
    if (dirty && editable) void save.run({ type: "source", text }, base.version);
  };
  useActions(
    active
      ? [{ id: "save-code", title: "Save the code", section: "Function", keys: "$mod+s", run: saveText }]
      : [],
  );

  async function reload() {
    const fresh = await api.function({ function: target });
    setText(take(fresh));
    setConflict(null);
  }
  async function overwrite() {
    if (!conflict) return;
    const fresh = await api.function({ function: target });
    await save.run(conflict, fresh.version);
  }

  return (
    <div className="flex h-full min-h-80 flex-col">
      {target.connection === "local" && !isSequence && <FolderBar target={target} />}
      <div className="flex h-10 shrink-0 items-center gap-2 border-b border-line px-6">
        <p className="flex-1 truncate text-muted" aria-live="polite">
          {isSequence
            ? "Change it through the OpenWhisk API."
            : !editable
              ? whyReadOnly(target)
              : dirty
                ? "Unsaved changes"
                : versions
                  ? `Version ${detail.version}`
                  : "Saved"}
        </p>
        {editable && (
          <>
            {target.connection === "local" && folder === null && (
              <Button
                icon={<FolderSync size={14} aria-hidden />}
                disabled={dirty || save.busy}
                onClick={() => setChoosing(true)}
              >
                From a folder…
              </Button>
            )}
            <UploadZip
              busy={save.busy}
              onUpload={(base64) => save.run({ type: "zip", base64 }, base.version)}
            />
            <DownloadCode target={target} />
            {dirty && <Button onClick={() => setText(base.text)}>Discard</Button>}
            {code.type === "source" && (
              <Button
                variant={production ? "danger" : "primary"}
                icon={<Save size={14} aria-hidden />}
                onClick={saveText}
                disabled={!dirty}
                busy={save.busy}
                title="Ctrl+S"
              >
                {production ? "Save in production" : "Save new version"}
              </Button>
            )}
          </>
        )}
      </div>
      {watched !== null && watched.build.state !== "ready" && (
        <BuildLive target={target} watched={watched} serving />
      )}
      {save.error !== null && !tells(watched, save.error) && <FormError error={save.error} className="m-4" />}
      {code.type === "source" && (
        <CodeEditor
          label={`Code of ${target.name}`}
          language={editorLanguage(detail.language, detail.kind)}
          value={text}
          onChange={setText}
          onSave={saveText}
          readOnly={!editable}
          className="flex-1"
        />
      )}
      {code.type === "zip" && (
        <ZipEntries
          bytes={code.bytes}
          entries={code.entries}
          change={
            folder ? "Change it in its folder; an upload lasts until the next deploy from there." : UPLOAD
          }
        />
      )}
      {code.type === "sequence" && <Components components={code.components} />}
      {code.type === "opaque" && (
        <EmptyState icon={<FileArchive size={24} aria-hidden />} title="The code cannot be shown">
          {code.reason}
        </EmptyState>
      )}
      {choosing && (
        <FolderDialog
          name={target.name}
          path=""
          watch
          onClose={() => setChoosing(false)}
          onSave={async (path, watch) => {
            await api.setFolder({ function: target, path, watch });
            setChoosing(false);
            await client.invalidateQueries({ queryKey: keys.folders });
            await client.invalidateQueries({ queryKey: keys.function(target) });
          }}
        />
      )}
      {conflict !== null && (
        <ConflictDialog
          expected={base.version}
          onReload={reload}
          onOverwrite={overwrite}
          onClose={() => setConflict(null)}
        />
      )}
    </div>
  );
}

export function whyReadOnly(target: FunctionRef): string {
  return target.connection === "local"
    ? "This function cannot be changed here."
    : "Read-only: there is no code of it at the provider that could be changed here.";
}
