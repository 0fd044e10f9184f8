import { QueryClient } from "@tanstack/react-query";
import { toCallError } from "@/platform";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The events stream says when something changed; time alone does not make it stale.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        networkMode: "always",
        retry: (count, error) => count < 2 && toCallError(error).retryable,
        retryDelay: (attempt) => Math.min(4000, 400 * 2 ** attempt),
      },
      mutations: { networkMode: "always" },
    },
  });
}
