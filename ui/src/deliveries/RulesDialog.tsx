import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type DeliveryRules } from "@/platform";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { describedBy, Field, FormError, Textarea, TextField } from "@/ui/Field";
import { useAttempt } from "@/ui/useAttempt";

interface RulesDialogProps {
  rules: DeliveryRules;
  onClose: () => void;
}

/** What deliveries may do: hosts, attempts, time, certificates. */
export function RulesDialog({ rules, onClose }: RulesDialogProps) {
  const client = useQueryClient();
  const [hosts, setHosts] = useState(rules.allowedHosts.join("\n"));
  const [attempts, setAttempts] = useState(String(rules.attempts));
  const [timeout, setTimeout] = useState(String(rules.timeoutS));
  const [certificates, setCertificates] = useState(rules.certificates);
  const save = useAttempt(async () => {
    const allowedHosts = hosts.split(/[\s,]+/).filter((host) => host !== "");
    const kept = await api.saveDeliveryRules({
      rules: { allowedHosts, attempts: Number(attempts), timeoutS: Number(timeout), certificates },
    });
    client.setQueryData(keys.deliveryRules, kept);
    onClose();
  });
  const whole = /^([1-9]|10)$/.test(attempts.trim());
  const timely = /^\d{1,3}$/.test(timeout.trim()) && Number(timeout) >= 1 && Number(timeout) <= 600;
  const good = whole && timely;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !save.busy && onClose()}
      title="What deliveries may do"
      footer={
        <>
          <Button onClick={onClose} disabled={save.busy}>
            Cancel
          </Button>
          <Button variant="primary" busy={save.busy} disabled={!good} onClick={() => void save.run()}>
            Save
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (good) void save.run();
        }}
      >
        <Field
          id="allowed-hosts"
          label="Allowed hosts"
          hint="Beside this machine. One a line: a host, host:port, *.domain, an address, or * for all."
        >
          <Textarea
            id="allowed-hosts"
            aria-describedby={describedBy("allowed-hosts")}
            rows={4}
            value={hosts}
            onChange={(event) => setHosts(event.target.value)}
            className="w-full font-mono text-sm"
            spellCheck={false}
          />
        </Field>
        <TextField
          id="delivery-attempts"
          label="Attempts"
          hint="1 is what OpenFaaS CE and Spaces do; at most 10, further and further apart."
          error={whole ? undefined : "A whole number from 1 to 10."}
          inputMode="numeric"
          value={attempts}
          onChange={(event) => setAttempts(event.target.value)}
          className="w-24"
        />
        <TextField
          id="delivery-timeout"
          label="Time-out in seconds"
          hint="How long a receiver may take to answer one attempt; at most 600."
          error={timely ? undefined : "A whole number from 1 to 600."}
          inputMode="numeric"
          value={timeout}
          onChange={(event) => setTimeout(event.target.value)}
          className="w-24"
        />
        <Field
          id="delivery-certificates"
          label="Certificates"
          hint="PEM; trusted for https beside the system's own."
        >
          <Textarea
            id="delivery-certificates"
            aria-describedby={describedBy("delivery-certificates")}
            rows={3}
            value={certificates}
            onChange={(event) => setCertificates(event.target.value)}
            className="w-full font-mono text-sm"
            spellCheck={false}
          />
        </Field>
        {save.error !== null && <FormError error={save.error} />}
      </form>
    </Dialog>
  );
}
