import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api } from "@/platform";

export const useInboxes = () =>
  useQuery({ queryKey: keys.inboxes(), queryFn: ({ signal }) => api.inboxes(signal) });

const PAGE = 50;

/** What arrived in an inbox, newest first, page by page. */
export const useMessages = (id: string) =>
  useInfiniteQuery({
    queryKey: keys.inboxes("messages", id),
    queryFn: ({ pageParam, signal }) => api.inboxMessages({ id, after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });

/** What arrived in any inbox for a run. */
export const useMessagesOf = (run: string, enabled = true) =>
  useQuery({
    queryKey: keys.inboxes("of", run),
    queryFn: ({ signal }) => api.messagesOf({ run }, signal),
    enabled,
  });
