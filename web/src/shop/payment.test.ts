import { describe, expect, it } from "vitest";
import type { Attempt, Order } from "../api/client";
import { lookAgainIn, paymentOf, refundOf } from "./payment";

const now = Date.parse("2026-03-01T03:00:00Z");
const order = (orderStatus: Order["orderStatus"], left = 600): Order => ({
  orderId: 5, userId: 7, orderDate: "", orderAmount: 1000, orderStatus, holdExpiresAt: new Date(now + left * 1000).toISOString(), orderItems: [],
});
const attempt = (more: Partial<Attempt>): Attempt => ({ attemptId: 1, orderId: 5, attemptNumber: 1, amount: 1000, state: "SUCCEEDED", requestedAt: "", ...more });
const money = (...attempts: Attempt[]) => ({ attempts, refunds: [] });

describe("how a payment stands", () => {
  it("never offers to pay while an attempt has no answer", () => {
    expect(paymentOf(order("PAYMENT_ENTERED"), money(attempt({ state: "REQUESTED" })), now)).toBe("settling");
    expect(paymentOf(order("PAYMENT_ENTERED", -5), money(attempt({ state: "UNKNOWN" })), now)).toBe("settling");
  });
  it("offers another try after a refusal, as long as the hold lasts", () => {
    const declined = money(attempt({ state: "FAILED", settlement: "FAILED" }));
    expect(paymentOf(order("PAYMENT_FAILED"), declined, now)).toBe("declined");
    expect(paymentOf(order("PAYMENT_FAILED", 0), declined, now)).toBe("over");
    expect(paymentOf(order("PENDING"), undefined, now)).toBe("payable");
  });
  it("tells too late from never paid", () => {
    expect(paymentOf(order("EXPIRED"), money(attempt({ settlement: "TOO_LATE" })), now)).toBe("late");
    expect(paymentOf(order("EXPIRED"), money(attempt({ settlement: "FAILED" })), now)).toBe("expired");
    expect(paymentOf(order("CANCELED"), money(attempt({ settlement: "PAID" })), now)).toBe("canceled");
    for (const status of ["PAID", "SHIPPED", "DELIVERED"] as const) expect(paymentOf(order(status), money(), now)).toBe("paid");
  });
  it("looks again soon while something is open", () => {
    const refund = { refundId: 1, orderId: 5, attemptId: 1, amount: 700, state: "RETRY" as const, tries: 2, takenAt: "" };
    expect(refundOf(order("CANCELED"), { attempts: [], refunds: [refund, { ...refund, state: "DONE" }] })).toEqual({ amount: 1400, done: false });
    expect(refundOf(order("CANCELED"), money(attempt({ settlement: "PAID" })))).toEqual({ amount: 1000, done: false });
    expect(refundOf(order("PAID"), money(attempt({ settlement: "PAID" })))).toBeNull();
    expect(refundOf(order("CANCELED"), money(attempt({ settlement: "FAILED" })))).toBeNull();
    expect(lookAgainIn("settling", null)).toBe(1000);
    expect(lookAgainIn("canceled", { amount: 1, done: false })).toBe(2000);
    expect(lookAgainIn("canceled", { amount: 1, done: true })).toBeNull();
  });
});
