import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type InboxView } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FormError, TextField } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";

/** A new callback inbox, from anywhere; it is shown when it is made. */
export function NewInboxDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <InboxDialog
      title="New callback inbox"
      action="Create inbox"
      onClose={onClose}
      onSave={async (label, answer) => {
        const { id } = await api.createInbox({ label, answer });
        await client.invalidateQueries({ queryKey: keys.inboxes() });
        onClose();
        void navigate({ to: "/inboxes", search: { id } });
      }}
    />
  );
}

interface InboxDialogProps {
  title: string;
  action: string;
  inbox?: InboxView;
  onClose: () => void;
  onSave: (label: string, answer: number) => Promise<void>;
}

/** A callback inbox's name, and what its senders get. */
export function InboxDialog({ title, action, inbox, onClose, onSave }: InboxDialogProps) {
  const [label, setLabel] = useState(inbox?.label ?? "");
  const [answer, setAnswer] = useState(String(inbox?.answer ?? 200));
  const status = Number(answer);
  const valid = /^\d{3}$/.test(answer.trim()) && status >= 200 && status <= 599;
  const ready = valid && label.trim() !== "";
  const save = useAttempt(() => onSave(label.trim(), status));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !save.busy && onClose()}
      title={title}
      footer={
        <>
          <Button onClick={onClose} disabled={save.busy}>
            Cancel
          </Button>
          <Button variant="primary" busy={save.busy} disabled={!ready} onClick={() => void save.run()}>
            {action}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void save.run();
        }}
      >
        <TextField
          id="inbox-label"
          label="Name"
          hint="For you; it is not part of the URL."
          value={label}
          onChange={(event) => setLabel(event.target.value)}
          className="w-full"
        />
        <TextField
          id="inbox-answer"
          label="Status that senders get"
          hint="200 unless you want to see what a sender does with another."
          error={valid ? undefined : "A status from 200 to 599."}
          inputMode="numeric"
          value={answer}
          onChange={(event) => setAnswer(event.target.value)}
          className="w-24"
        />
        {save.error !== null && <FormError error={save.error} />}
      </form>
    </Dialog>
  );
}
