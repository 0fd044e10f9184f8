import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api, type DeliveryState } from "@/platform";

const PAGE = 100;

/** Deliveries, newest first, page by page. */
export const useDeliveries = (state: DeliveryState | null) =>
  useInfiniteQuery({
    queryKey: keys.deliveries(state ?? "all"),
    queryFn: ({ pageParam, signal }) =>
      api.deliveries(
        { filter: { state, purpose: null, function: null }, after: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });

export const useDeliveryCounts = () =>
  useQuery({
    queryKey: keys.deliveries("counts"),
    queryFn: ({ signal }) => api.deliveryCounts(signal),
  });

export const useDelivery = (id: string) =>
  useQuery({ queryKey: keys.deliveries("one", id), queryFn: ({ signal }) => api.delivery({ id }, signal) });

/** What the end of a run caused. */
export const useDeliveriesOf = (run: string, enabled = true) =>
  useQuery({
    queryKey: keys.deliveries("of", run),
    queryFn: ({ signal }) => api.deliveriesOf({ run }, signal),
    enabled,
  });

export const useDeliveryRules = () =>
  useQuery({ queryKey: keys.deliveryRules, queryFn: ({ signal }) => api.deliveryRules(signal) });
