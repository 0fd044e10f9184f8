import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api } from "@/platform";

/** The queues that have anything in them, or are paused. */
export const useQueues = () =>
  useQuery({ queryKey: keys.queues, queryFn: ({ signal }) => api.queues(signal) });

/** What images' names stand for. */
export const useImages = () =>
  useQuery({ queryKey: keys.images, queryFn: ({ signal }) => api.images(signal) });

const PAGE = 50;

/** Runs that failed as often as they may, the last started first, page by page. */
export const useDeadLetters = () =>
  useInfiniteQuery({
    queryKey: keys.deadLetters,
    queryFn: ({ pageParam, signal }) => api.deadLetters({ after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
