import { describe, expect, it } from "vitest";
import type { Order, Product, Stock } from "../api/client";
import { buttonOf, featured, holdingOf, phaseOf } from "./sale";

const noon = Date.parse("2026-03-01T03:00:00Z");
const at = (seconds: number) => new Date(noon + seconds * 1000).toISOString();
const stock = (available: number, held = 0, sold = 0): Stock => ({ total: available + held + sold, available, held, sold, soldOut: available === 0 });
const product = (more: Partial<Product> = {}): Product => ({
  productId: 1, productName: "Shoe", productDescription: "", productPrice: 1000, productStock: 10, productType: "NORMAL",
  state: "ACTIVE", createdAt: at(-100), stock: stock(10), ...more,
});
const order = (more: Partial<Order> = {}): Order => ({
  orderId: 5, userId: 7, orderDate: at(-10), orderAmount: 1000, orderStatus: "PENDING", holdExpiresAt: at(600),
  orderItems: [{ orderItemId: 1, productId: 1, quantity: 1, price: 1000, status: "ORDERED" }], ...more,
});
const button = (more: Partial<Parameters<typeof buttonOf>[0]>) => buttonOf({ product: product(), stock: stock(10), orders: [], now: noon, going: false, ...more });

describe("the phase of a sale", () => {
  it("is decided in the order in which the shop refuses", () => {
    expect(phaseOf(product({ state: "ARCHIVED", opensAt: at(9) }), stock(0), noon)).toBe("gone");
    expect(phaseOf(product({ state: "PAUSED", opensAt: at(9) }), stock(0), noon)).toBe("notOpen");
    expect(phaseOf(product({ state: "PAUSED", closesAt: at(0) }), stock(0), noon)).toBe("closed");
    expect(phaseOf(product({ state: "PAUSED" }), stock(0), noon)).toBe("paused");
    expect(phaseOf(product(), stock(0, 1), noon)).toBe("soldOut");
    expect(phaseOf(product({ opensAt: at(0) }), stock(1), noon)).toBe("open");
  });
});

describe("the one big button", () => {
  it("says what pressing it does", () => {
    expect(button({}).kind).toBe("buy");
    expect(button({ orders: null }).kind).toBe("logIn");
    expect(button({ going: true, stock: stock(0) }).kind).toBe("going");
    expect(button({ stock: stock(0, 3) }).kind).toBe("soldOut");
    expect(button({ product: product({ state: "PAUSED" }) }).kind).toBe("paused");
    expect(button({ product: product({ closesAt: at(-1) }) }).kind).toBe("closed");
    expect(button({ product: product({ opensAt: at(60) }), orders: null })).toEqual({ kind: "opens", at: noon + 60_000 });
  });

  it("leads who holds one to it, whatever became of the sale", () => {
    const limited = product({ perUserLimit: 1 });
    for (const more of [{}, { stock: stock(0) }, { product: { ...limited, state: "PAUSED" as const } }, { product: { ...limited, closesAt: at(-1) } }]) {
      expect(button({ product: limited, orders: [order()], ...more })).toMatchObject({ kind: "resume", order: { orderId: 5 } });
    }
    expect(button({ product: limited, orders: [order({ orderStatus: "PAID" })] }).kind).toBe("have");
  });

  it("sells again to whose order is over, and more to who may have more", () => {
    const limited = product({ perUserLimit: 1 });
    for (const orderStatus of ["CANCELED", "EXPIRED"] as const) expect(button({ product: limited, orders: [order({ orderStatus })] }).kind).toBe("buy");
    expect(button({ product: limited, orders: [order({ holdExpiresAt: at(-1) })] }).kind).toBe("buy");
    expect(button({ product: product({ perUserLimit: 3 }), orders: [order()] })).toEqual({ kind: "buy", most: 2 });
    expect(button({ orders: [order()] })).toEqual({ kind: "buy", most: 10 });
    expect(button({ stock: stock(4) })).toEqual({ kind: "buy", most: 4 });
  });
});

describe("what a visitor has of a product", () => {
  it("counts what is held or kept, not what is over or of another product", () => {
    const orders = [
      order({ orderId: 1, orderStatus: "PAID" }), order({ orderId: 2 }), order({ orderId: 3, orderStatus: "EXPIRED" }),
      order({ orderId: 4, orderItems: [{ orderItemId: 9, productId: 2, quantity: 5, price: 1, status: "ORDERED" }] }),
    ];
    expect(holdingOf(1, orders, noon)).toMatchObject({ units: 2, toPay: { orderId: 2 }, newest: { orderId: 2 } });
  });
});

describe("what the front page shows large", () => {
  it("is a drop that runs, else the next that opens", () => {
    const runs = product({ productId: 1, opensAt: at(-10) });
    const next = product({ productId: 2, opensAt: at(10) });
    const later = product({ productId: 3, opensAt: at(99) });
    const plain = product({ productId: 4 });
    const over = product({ productId: 5, stock: stock(0) });
    expect(featured([later, plain, next, runs, over], noon)).toBe(runs);
    expect(featured([later, plain, next, over], noon)).toBe(next);
    expect(featured([over, plain], noon)).toBe(plain);
    expect(featured([], noon)).toBeNull();
  });
});
