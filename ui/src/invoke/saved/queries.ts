import { type QueryClient, useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api, type FunctionRef } from "@/platform";

/** The requests that are saved of a function, by name. */
export const useSavedRequests = (f: FunctionRef) =>
  useQuery({
    queryKey: keys.savedRequests(f),
    queryFn: ({ signal }) => api.savedRequests({ function: f }, signal),
  });

export const readSavedAgain = (client: QueryClient, f: FunctionRef) =>
  client.invalidateQueries({ queryKey: keys.savedRequests(f) });
