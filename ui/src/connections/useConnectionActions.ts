import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import { api, type Connection } from "@/platform";
import { announce } from "@/ui/announce";
import { useAttempt } from "@/ui/useAttempt";

/** Check now and sync now of one connection. */
export function useConnectionActions({ id, name }: Connection) {
  const client = useQueryClient();
  const [added, setAdded] = useState<number | null>(null);

  const check = useAttempt(async () => {
    const checked = await api.checkConnection({ id });
    client.setQueryData<Connection[]>(keys.connections, (all) =>
      all?.map((connection) => (connection.id === id ? checked : connection)),
    );
    announce(checked.state.state === "connected" ? `${name} is connected` : `${name} is not reachable`);
  });

  const sync = useAttempt(async () => {
    setAdded(null);
    try {
      setAdded(await api.syncConnection({ id }));
    } finally {
      await client.invalidateQueries({ queryKey: keys.connections });
    }
  });

  return { check, sync, added };
}
