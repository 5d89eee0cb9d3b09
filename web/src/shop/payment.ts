// How a payment of an order stands, from what the shop says of the order and its attempts: pure functions.
import type { Attempt, Order, Refund } from "../api/client";
import { isUnpaid } from "./sale";

export type PaymentState =
  | "payable" // nothing under way
  | "declined" // the last attempt; may be tried again
  | "settling" // an attempt has no answer yet
  | "over" // the hold ran out, or is about to: wait for the shop's word
  | "paid"
  | "expired"
  | "late" // charged, but too late: refunded
  | "canceled";

export interface Money {
  attempts: readonly Attempt[];
  refunds: readonly Refund[];
}

const isOpen = (attempt: Attempt): boolean => attempt.settlement === undefined;

export function paymentOf(order: Order, money: Money | undefined, now: number): PaymentState {
  const last = money?.attempts.at(-1);
  if (order.orderStatus === "CANCELED") return "canceled";
  if (order.orderStatus === "EXPIRED") {
    return money?.attempts.some((attempt) => attempt.settlement === "TOO_LATE") ? "late" : "expired";
  }
  if (!isUnpaid(order)) return "paid";
  if (last && isOpen(last)) return "settling";
  if (now >= Date.parse(order.holdExpiresAt)) return "over";
  return order.orderStatus === "PAYMENT_FAILED" || last?.settlement === "FAILED" ? "declined" : "payable";
}

export interface Refunded {
  amount: number;
  done: boolean; // all of it has been given back
}

// What was charged for an order that is off is given back, also while nobody has taken the refund over yet.
export function refundOf(order: Order, money: Money | undefined): Refunded | null {
  const refunds = money?.refunds ?? [];
  if (refunds.length === 0) {
    const isOff = order.orderStatus === "CANCELED" || order.orderStatus === "EXPIRED";
    const charged = money?.attempts.find((attempt) => attempt.settlement === "PAID" || attempt.settlement === "TOO_LATE");
    return isOff && charged ? { amount: charged.amount, done: false } : null;
  }
  return {
    amount: refunds.reduce((sum, refund) => sum + refund.amount, 0),
    done: refunds.every((refund) => refund.state === "DONE"),
  };
}

// How soon the order should be looked at again, in milliseconds; null: it does not change by itself soon.
export function lookAgainIn(state: PaymentState, refund: Refunded | null): number | null {
  if (state === "settling" || state === "over") return 1000;
  if (state === "payable" || state === "declined") return 5000;
  if (refund && !refund.done) return 2000;
  return null;
}
