import { Link } from "@tanstack/react-router";
import { useShell } from "@/app/ui-state";
import type { Explained } from "@/platform/errors";
import { Button } from "@/ui/Button";

/** The button or link for an error's next action. */
export function ErrorAction({ error }: { error: Explained }) {
  const show = useShell((shell) => shell.show);
  switch (error.action) {
    case "openSettings":
      return (
        <Link to="/settings" className="link mt-2 inline-flex min-h-6 items-center">
          Open Settings
        </Link>
      );
    case "openConnections":
      return (
        <Link to="/connections" className="link mt-2 inline-flex min-h-6 items-center">
          Open Connections
        </Link>
      );
    case "unlock":
      return (
        <Button className="mt-2" onClick={() => show({ type: "unlock" })}>
          Unlock…
        </Button>
      );
    case "chooseStore":
      return (
        <Button className="mt-2" onClick={() => show({ type: "secret-file" })}>
          Use an encrypted file…
        </Button>
      );
    default:
      return null;
  }
}
