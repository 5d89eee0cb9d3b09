// What a sale is right now, and what the one big button says: pure functions of what the shop told and its time.
import type { Order, Product, Stock } from "../api/client";

export type Phase = "gone" | "notOpen" | "closed" | "paused" | "soldOut" | "open";

// In the order in which the shop itself refuses.
export function phaseOf(product: Product, stock: Stock, now: number): Phase {
  if (product.state === "ARCHIVED") return "gone";
  if (product.opensAt && now < Date.parse(product.opensAt)) return "notOpen";
  if (product.closesAt && now >= Date.parse(product.closesAt)) return "closed";
  if (product.state === "PAUSED") return "paused";
  return stock.available === 0 ? "soldOut" : "open";
}

const unpaid = new Set<Order["orderStatus"]>(["PENDING", "PAYMENT_ENTERED", "PAYMENT_FAILED"]);
const kept = new Set<Order["orderStatus"]>(["PAID", "SHIPPED", "DELIVERED"]);

export const isUnpaid = (order: Order): boolean => unpaid.has(order.orderStatus);
export const isKept = (order: Order): boolean => kept.has(order.orderStatus);

export interface Holding {
  units: number; // that count against the limit
  toPay: Order | null; // the newest that is held and not paid
  newest: Order | null; // of those that count
}

// What the visitor has of a product. A return does not free the limit.
export function holdingOf(product: number, orders: readonly Order[], now: number): Holding {
  const holding: Holding = { units: 0, toPay: null, newest: null };
  for (const order of orders) {
    const counts = isKept(order) || (isUnpaid(order) && Date.parse(order.holdExpiresAt) > now);
    const units = order.orderItems
      .filter((item) => item.productId === product && item.status !== "CANCELED")
      .reduce((sum, item) => sum + item.quantity, 0);
    if (!counts || units === 0) continue;
    holding.units += units;
    if (!holding.newest || order.orderId > holding.newest.orderId) holding.newest = order;
    if (isUnpaid(order) && (!holding.toPay || order.orderId > holding.toPay.orderId)) holding.toPay = order;
  }
  return holding;
}

export type ButtonState =
  | { kind: "gone" | "soldOut" | "paused" | "closed" | "going" }
  | { kind: "opens"; at: number }
  | { kind: "logIn" | "buy"; most: number }
  | { kind: "resume" | "have"; order: Order };

export interface ButtonInput {
  product: Product;
  stock: Stock;
  orders: readonly Order[] | null; // null: nobody is logged in
  now: number;
  going: boolean; // a click has no answer yet
}

const mostAtOnce = 10;

export function buttonOf({ product, stock, orders, now, going }: ButtonInput): ButtonState {
  if (going) return { kind: "going" };
  const phase = phaseOf(product, stock, now);
  const holding = holdingOf(product.productId, orders ?? [], now);
  const limit = product.perUserLimit ?? Infinity;
  const full = holding.units >= limit;
  // Whoever holds one is led to it, whatever became of the sale meanwhile.
  if (holding.toPay && (full || phase !== "open")) return { kind: "resume", order: holding.toPay };
  if (holding.newest && (full || phase === "soldOut" || phase === "closed")) {
    return { kind: "have", order: holding.newest };
  }
  if (phase === "notOpen") return { kind: "opens", at: Date.parse(product.opensAt ?? "") };
  if (phase !== "open") return { kind: phase };
  const most = Math.max(1, Math.min(limit - holding.units, stock.available, mostAtOnce));
  return orders === null ? { kind: "logIn", most } : { kind: "buy", most };
}

// Which product the front page shows large: one on sale, else the next that opens, else the newest.
export function featured(products: readonly Product[], now: number): Product | null {
  const rank = (product: Product): number => {
    const phase = phaseOf(product, product.stock, now);
    if (phase === "open") return product.opensAt ? 0 : 2;
    return phase === "notOpen" ? 1 : 3;
  };
  const opening = (product: Product) => Date.parse(product.opensAt ?? product.createdAt);
  const better = (a: Product, b: Product): number => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    return rank(a) === 1 ? opening(a) - opening(b) : opening(b) - opening(a);
  };
  return [...products].sort(better)[0] ?? null;
}
