// What pages ask for, under which name it is kept, and how it is asked for again.
import { keepPreviousData, QueryClient, queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answered, api, type Order } from "./client";
import { pauseBefore, Problem } from "./problem";
import { useSession, userOf } from "./session";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (failures, error) => error instanceof Problem && error.isWorthRepeating && failures < 30,
      retryDelay: (failures, error) => (error instanceof Problem ? pauseBefore(error, failures) : 1000),
      networkMode: "always", // what the browser thinks of the network is not asked
    },
    mutations: { networkMode: "always" },
  },
});

// Between two looks; never all visitors at once. The page of one product listens to its stock besides.
const listPause = () => 3000 + Math.random() * 2000;
const productPause = () => 8000 + Math.random() * 4000; // a pause, a new price, a new opening

export type Sort = "newest" | "priceAscending" | "priceDescending" | "name";
const pageSize = 24;

export const useCatalogue = (q: string, sort: Sort) =>
  useInfiniteQuery({
    queryKey: ["products", q, sort],
    queryFn: ({ pageParam, signal }) =>
      answered(api.GET("/api/products", {
        params: { query: { limit: pageSize, sort, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      })),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: listPause,
  });

export const productQuery = (productId: number) =>
  queryOptions({
    queryKey: ["product", productId],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/products/{productId}", { params: { path: { productId } }, signal })),
    refetchInterval: productPause as () => number | false,
  });

export function useMe() {
  const session = useSession();
  const user = userOf(session);
  return useQuery({
    queryKey: ["me", user],
    queryFn: ({ signal }) => answered(api.GET("/api/users/me", { signal })),
    enabled: user !== null,
    staleTime: 60_000,
  });
}

const myOrdersLimit = 100;

export function useMyOrders() {
  const user = userOf(useSession());
  return useQuery({
    queryKey: ["orders", user],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/orders", { params: { query: { limit: myOrdersLimit, userId: Number(user) } }, signal }),
      ).then((page) => page.items),
    enabled: user !== null,
  });
}

export const orderQuery = (orderId: number) =>
  queryOptions({
    queryKey: ["order", orderId],
    queryFn: ({ signal }) => answered(api.GET("/api/orders/{orderId}", { params: { path: { orderId } }, signal })),
  });

export const historyQuery = (orderId: number) =>
  queryOptions({
    queryKey: ["order", orderId, "history"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/orders/{orderId}/history", { params: { path: { orderId } }, signal })).then(
        (history) => history.items,
      ),
  });

export const paymentsQuery = (orderId: number) =>
  queryOptions({
    queryKey: ["order", orderId, "payments"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/orders/{orderId}/payments", { params: { path: { orderId } }, signal })),
  });

export function useWishes() {
  const user = userOf(useSession());
  return useQuery({
    queryKey: ["wishes", user],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/wishlist", { params: { query: { limit: 100 } }, signal })).then((page) => page.items),
    enabled: user !== null,
    refetchInterval: 10_000,
  });
}

// What is known of one account is not shown to the next.
export function forgetPerson(): void {
  const shared = new Set(["products", "product"]);
  queryClient.removeQueries({ predicate: ({ queryKey }) => !shared.has(String(queryKey[0])) });
}

// An order that is known newer than the lists that hold it.
export function keepOrder(order: Order): void {
  queryClient.setQueryData(["order", order.orderId], order);
  queryClient.setQueryData<Order[]>(["orders", String(order.userId)], (orders) =>
    orders ? [order, ...orders.filter((each) => each.orderId !== order.orderId)] : orders,
  );
  void queryClient.invalidateQueries({ queryKey: ["order", order.orderId], exact: false });
}
