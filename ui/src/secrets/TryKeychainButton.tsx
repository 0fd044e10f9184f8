import { useQueryClient } from "@tanstack/react-query";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { tryKeychain } from "./store-commands";

/** For where there is no room for an error: it goes to a notice. */
export function TryKeychainButton({ label = "Try the keychain again" }: { label?: string }) {
  const client = useQueryClient();
  const attempt = useAttempt(async () => {
    try {
      await tryKeychain(client);
      toast.success("Secrets are kept in the keychain from now on");
    } catch (thrown) {
      toast.failure(thrown);
    }
  });
  return (
    <Button onClick={() => void attempt.run()} busy={attempt.busy}>
      {label}
    </Button>
  );
}
