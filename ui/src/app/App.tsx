import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { createQueryClient } from "@/api/client";
import { followEvents } from "@/api/events";
import { onSessionEnd, sessionEnded } from "@/platform/session";
import { TooltipProvider } from "@/ui/Tooltip";
import { Toaster } from "@/ui/toast";
import { makeRouter } from "./router";
import { SessionEnded } from "./SessionEnded";

export function App() {
  const [client] = useState(createQueryClient);
  const [router] = useState(() => makeRouter());
  const ended = useSyncExternalStore(onSessionEnd, sessionEnded);

  useEffect(() => {
    const stop = new AbortController();
    void followEvents(client, stop.signal);
    return () => stop.abort();
  }, [client]);

  if (ended) return <SessionEnded />;
  return (
    <QueryClientProvider client={client}>
      <TooltipProvider delay={500}>
        <RouterProvider router={router} />
        <Toaster />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
