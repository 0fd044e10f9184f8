import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type Image } from "@/platform";
import { TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { Segmented } from "@/ui/Segmented";
import { useAttempt } from "@/ui/useAttempt";

interface ImageDialogProps {
  /** The one that is changed; without it a new one is mapped. */
  image?: Image;
  images: readonly Image[];
  onClose: () => void;
}

/** What the name of an image stands for: a folder, or the process of each deployment. */
export function ImageDialog({ image, images, onClose }: ImageDialogProps) {
  const client = useQueryClient();
  const [name, setName] = useState(image?.name ?? "");
  const [to, setTo] = useState<"folder" | "process">(image?.folder === null ? "process" : "folder");
  const [folder, setFolder] = useState(image?.folder ?? "");
  const taken = image === undefined && images.some((each) => each.name === name.trim());
  const save = useAttempt(async () => {
    await api.mapImage({ name: name.trim(), folder: to === "folder" ? folder.trim() : null });
    await client.invalidateQueries({ queryKey: keys.images });
    onClose();
  });
  return (
    <FormDialog
      title={image === undefined ? "Map an image" : "Change what the image stands for"}
      action={taken ? "Replace" : image === undefined ? "Map image" : "Save"}
      busy={save.busy}
      error={save.error}
      onSubmit={() => void save.run()}
      onClose={onClose}
      disabled={name.trim() === "" || (to === "folder" && folder.trim() === "")}
    >
      <TextField
        id="image-name"
        label="Image"
        hint={
          taken
            ? "It is mapped already; this takes that mapping’s place."
            : "As the client writes it. Without a tag it stands for all of its tags."
        }
        placeholder="ghcr.io/me/hello"
        className="w-full font-mono text-sm"
        readOnly={image !== undefined}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <div className="mb-1 flex flex-col items-start gap-1">
        <span className="font-medium" aria-hidden>
          Stands for
        </span>
        <Segmented
          label="Stands for"
          value={to}
          onChange={setTo}
          options={[
            { value: "folder", label: "A folder with code" },
            { value: "process", label: "The deployment’s process" },
          ]}
        />
      </div>
      {to === "folder" ? (
        <TextField
          id="image-folder"
          label="Folder"
          hint="Its whole path on this machine, for example the one that “faas-cli build --shrinkwrap” made. Whoever may deploy can deploy what is in it."
          placeholder="/home/me/functions/build/hello"
          className="w-full font-mono text-sm"
          value={folder}
          onChange={(event) => setFolder(event.target.value)}
        />
      ) : (
        <p className="text-sm text-subtle">
          Each deployment says with fprocess which program of this machine it runs, for example “--fprocess
          cat”.
        </p>
      )}
    </FormDialog>
  );
}
