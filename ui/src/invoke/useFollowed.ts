import { useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { type Activation, type ActivationDetail, api } from "@/platform";
import { isPending } from "@/ui/StatusBadge";

/** A run until its end. Events say when it changed; asking now and then covers the ones that were missed. */
export function useFollowed(runId: string | null, answered: Activation | null): ActivationDetail | null {
  const record = useQuery({
    queryKey: keys.activation(runId ?? ""),
    queryFn: ({ signal }) => api.activation({ id: runId ?? "" }, signal),
    enabled: runId !== null,
    // Too early is "not found"; it will be there.
    retry: 3,
    refetchInterval: (query) => {
      const status = query.state.data?.activation.status;
      return status === undefined || isPending(status) ? 2_000 : false;
    },
  });
  const read = record.data;
  if (read && (!isPending(read.activation.status) || answered === null || isPending(answered.status)))
    return read;
  // The answer of the call is newer than what was read while it ran.
  return answered && { of: "function", page: null, target: null, ...read, activation: answered, raw: null };
}
