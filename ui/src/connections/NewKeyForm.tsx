import { type FormEvent, useState } from "react";
import { api, type NewAccessKeyView } from "@/platform";
import { Button } from "@/ui/Button";
import { FormError, TextField } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import { useAttempt } from "@/ui/useAttempt";

const LIFETIMES = [
  { value: "24", label: "24 hours" },
  { value: "720", label: "30 days" },
  { value: "2160", label: "90 days" },
  { value: "never", label: "Never" },
] as const;

interface NewKeyFormProps {
  connection: string;
  onMade: (made: NewAccessKeyView) => void;
}

export function NewKeyForm({ connection, onMade }: NewKeyFormProps) {
  const [name, setName] = useState("");
  const [lifetime, setLifetime] = useState<(typeof LIFETIMES)[number]["value"]>("720");
  const [missing, setMissing] = useState(false);
  const create = useAttempt(async () => {
    const made = await api.createAccessKey({
      connection,
      name: name.trim(),
      expiresInHours: lifetime === "never" ? null : Number(lifetime),
    });
    setName("");
    onMade(made);
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    setMissing(name.trim() === "");
    if (name.trim() !== "") void create.run();
  }

  return (
    <form onSubmit={submit} noValidate aria-label="New access key" className="mt-5">
      <h3 className="mb-2 font-medium">New access key</h3>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-1">
        <TextField
          id="key-name"
          label="Name"
          fieldClassName="min-w-52 flex-1"
          placeholder="Who will use it"
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setMissing(false);
          }}
          error={missing ? "Give it a name: who will use it." : undefined}
        />
        <div className="flex flex-col items-start gap-1">
          <span className="font-medium" aria-hidden>
            Expires after
          </span>
          <Segmented label="Expires after" value={lifetime} options={LIFETIMES} onChange={setLifetime} />
        </div>
        <Button type="submit" className="mt-6" busy={create.busy}>
          Create key
        </Button>
      </div>
      {create.error !== null && <FormError error={create.error} />}
    </form>
  );
}
