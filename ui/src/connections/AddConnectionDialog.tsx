import { useEffect, useRef, useState } from "react";
import type { Account } from "@/platform";
import { Dialog } from "@/ui/Dialog";
import { Segmented } from "@/ui/Segmented";
import { useFoundWay } from "./useFoundWay";
import { useKeyWay } from "./useKeyWay";
import { useTokenWay } from "./useTokenWay";
import type { WayName } from "./way";

const WAYS: ReadonlyArray<{ value: WayName; label: string }> = [
  { value: "key", label: "API host and key" },
  { value: "token", label: "DigitalOcean API token" },
  { value: "found", label: "Found on this machine" },
];

interface AddConnectionDialogProps {
  way?: WayName;
  /** Begins with the namespaces of this account. */
  account?: Account;
  onClose: () => void;
}

/** Adds connections, in one of three ways. What was typed in one is still there after a look at another. */
export function AddConnectionDialog({ way: first = "key", account, onClose }: AddConnectionDialogProps) {
  const [way, setWay] = useState<WayName>(first);
  const token = useTokenWay(onClose);
  const key = useKeyWay({
    onClose,
    onToken: (pasted) => {
      token.take(pasted);
      setWay("token");
    },
  });
  const found = useFoundWay({
    active: way === "found",
    onClose,
    onAccount: (taken) => {
      token.open(taken);
      setWay("token");
    },
  });
  const shown = { key, token, found }[way];
  const { open } = token;
  const begun = useRef(false);
  useEffect(() => {
    if (account && !begun.current) open(account);
    begun.current = true;
  }, [account, open]);

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      width="md"
      title="Add a connection"
      description="Its functions and their runs appear here, beside the local ones."
      footer={shown.footer}
    >
      <div className="mb-4">
        <Segmented label="How to connect" value={way} options={WAYS} onChange={setWay} />
      </div>
      {shown.body}
    </Dialog>
  );
}
