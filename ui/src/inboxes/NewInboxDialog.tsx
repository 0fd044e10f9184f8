import { useState } from "react";
import { api, type InboxView } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { describedBy, Field, FormError, Input } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";

interface NewInboxDialogProps {
  onClose: () => void;
  onMade: (inbox: InboxView) => void;
}

export function NewInboxDialog({ onClose, onMade }: NewInboxDialogProps) {
  const [label, setLabel] = useState("");
  const [answer, setAnswer] = useState("200");
  const status = Number(answer);
  const valid = /^\d{3}$/.test(answer.trim()) && status >= 200 && status <= 599;
  const ready = valid && label.trim() !== "";
  const create = useAttempt(async () => onMade(await api.createInbox({ label: label.trim(), answer: status })));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !create.busy && onClose()}
      title="New inbox"
      footer={
        <>
          <Button onClick={onClose} disabled={create.busy}>
            Cancel
          </Button>
          <Button variant="primary" busy={create.busy} disabled={!ready} onClick={() => void create.run()}>
            Create inbox
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void create.run();
        }}
      >
        <Field id="inbox-label" label="Name" hint="For you; it is not part of the URL.">
          <Input
            id="inbox-label"
            aria-describedby={describedBy("inbox-label")}
            value={label}
            onChange={(event) => setLabel(event.target.value)}
            className="w-full"
            autoComplete="off"
          />
        </Field>
        <Field
          id="inbox-answer"
          label="Status that senders get"
          hint="200 unless you want to see what a sender does with another."
          error={valid ? undefined : "A status from 200 to 599."}
        >
          <Input
            id="inbox-answer"
            aria-describedby={describedBy("inbox-answer")}
            aria-invalid={!valid}
            inputMode="numeric"
            value={answer}
            onChange={(event) => setAnswer(event.target.value)}
            className="w-24"
          />
        </Field>
        {create.error !== null && <FormError error={create.error} />}
      </form>
    </Dialog>
  );
}
