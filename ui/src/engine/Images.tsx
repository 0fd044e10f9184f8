import { useQueryClient } from "@tanstack/react-query";
import { FolderClosed, Pencil, Plus, SquareTerminal, Unlink } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import { useOverview } from "@/api/queries";
import { api, type Image } from "@/platform";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Skeleton } from "@/ui/Skeleton";
import { Table } from "@/ui/Table";
import { TimeText } from "@/ui/TimeText";
import { ImageDialog } from "./ImageDialog";
import { Part } from "./Part";
import { useImages } from "./queries";

/** What images' names stand for on this machine. */
export function Images() {
  const images = useImages();
  const [shown, setShown] = useState<"new" | Image | null>(null);
  const rows = images.data ?? [];
  return (
    <Part
      title="Images"
      description="What an image’s name stands for when faas-cli deploys it here: this machine runs no containers. A function stays what it is until its next deployment."
      actions={
        rows.length > 0 && (
          <Button icon={<Plus size={14} aria-hidden />} onClick={() => setShown("new")}>
            Map an image
          </Button>
        )
      }
    >
      {images.data === undefined ? (
        images.isError ? (
          <ErrorState error={images.error} onRetry={() => void images.refetch()} />
        ) : (
          <Skeleton rows={2} className="px-6" />
        )
      ) : rows.length === 0 ? (
        <None onMap={() => setShown("new")} />
      ) : (
        <ImageTable rows={rows} onChange={setShown} />
      )}
      {shown !== null && (
        <ImageDialog
          image={shown === "new" ? undefined : shown}
          images={rows}
          onClose={() => setShown(null)}
        />
      )}
    </Part>
  );
}

/** Without a mapping a deployment is refused; with one, this is how it is made. */
function None({ onMap }: { onMap: () => void }) {
  const gateway = useOverview().data?.gatewayUrl ?? null;
  const command = `faas-cli deploy --gateway ${gateway ?? "http://127.0.0.1:6464"} --image ghcr.io/me/hello:latest --name hello`;
  return (
    <EmptyState
      compact
      title="No image is mapped"
      action={
        <Button variant="primary" icon={<Plus size={14} aria-hidden />} onClick={onMap}>
          Map an image
        </Button>
      }
    >
      <p>
        Say which folder has the code of an image, or that its deployments name the process to run. Then this
        deploys it to Beckon:
      </p>
      <p className="mt-2 flex items-start gap-1 rounded-md bg-inset py-1.5 pr-1 pl-2.5 text-left">
        <code className="min-w-0 flex-1 text-sm break-words select-text">{command}</code>
        <CopyButton text={command} label="Copy command" />
      </p>
    </EmptyState>
  );
}

function ImageTable({ rows, onChange }: { rows: readonly Image[]; onChange: (image: Image) => void }) {
  const client = useQueryClient();
  const [leaving, setLeaving] = useState<Image | null>(null);
  return (
    <>
      <Table>
        <thead>
          <tr>
            <th>Image</th>
            <th>Stands for</th>
            <th>Mapped</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((image) => (
            <tr key={image.name} data-testid="image">
              <td className="font-mono text-sm break-all select-text">{image.name}</td>
              <td>
                {image.folder === null ? (
                  <span className="inline-flex items-center gap-2 text-muted">
                    <SquareTerminal size={14} className="shrink-0" aria-hidden />
                    the process that each deployment names
                  </span>
                ) : (
                  <span className="flex items-center gap-2">
                    <FolderClosed size={14} className="shrink-0 text-muted" aria-hidden />
                    <code className="text-sm break-all select-text">{image.folder}</code>
                  </span>
                )}
              </td>
              <td className="whitespace-nowrap text-muted">
                <TimeText at={image.created} />
              </td>
              <td className="w-0 text-right whitespace-nowrap">
                <IconButton
                  size="sm"
                  label={`Change ${image.name}`}
                  icon={<Pencil size={14} aria-hidden />}
                  onClick={() => onChange(image)}
                />
                <IconButton
                  size="sm"
                  label={`Unmap ${image.name}`}
                  icon={<Unlink size={14} aria-hidden />}
                  onClick={() => setLeaving(image)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {leaving && (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setLeaving(null)}
          title={`Unmap ${leaving.name}?`}
          action="Unmap"
          onConfirm={async () => {
            await api.unmapImage({ name: leaving.name });
            await client.invalidateQueries({ queryKey: keys.images });
          }}
        >
          Functions that were deployed from it stay. New deployments of it are refused until it is mapped
          again.
        </ConfirmDialog>
      )}
    </>
  );
}
