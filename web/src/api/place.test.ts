import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "./client";
import { openIntent } from "./intent";
import { place, type Placement } from "./place";

type Reply = { status: number; body: object; headers?: Record<string, string> };

function shopAnswers(...replies: (Reply | "lost")[]) {
  const keys: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    keys.push(request.headers.get("Idempotency-Key") ?? "");
    const reply = replies.shift();
    if (reply === "lost" || !reply) throw new TypeError("lost");
    return new Response(JSON.stringify(reply.body), { status: reply.status, headers: { "Content-Type": "application/json", ...reply.headers } });
  });
  return keys;
}

const click = (more: Partial<Placement> = {}): Placement => ({
  user: "7", product: 1, quantity: 1, signal: new AbortController().signal, onWait: () => {}, ...more,
});

beforeEach(() => {
  localStorage.clear();
  vi.unstubAllGlobals();
  expect(api).toBeDefined();
});

describe("one click on buy", () => {
  it("is one key through lost connections and a busy shop, and one order", async () => {
    const keys = shopAnswers("lost", { status: 503, body: { code: "OVERLOADED" }, headers: { "Retry-After": "0" } }, { status: 201, body: { orderId: 5 } });
    const placed = await place(click());
    expect(placed).toMatchObject({ kind: "placed", order: { orderId: 5 } });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(openIntent("7", 1)).toBeNull();
  });

  it("leads who holds one to it", async () => {
    shopAnswers({ status: 409, body: { code: "LIMIT_EXCEEDED", orderId: 9 } });
    expect(await place(click())).toEqual({ kind: "resume", orderId: 9 });
  });

  it("waits at the door when it came a moment early", async () => {
    const opensAt = new Date(Date.now() + 500).toISOString();
    const keys = shopAnswers({ status: 409, body: { code: "SALE_NOT_OPEN", opensAt } }, { status: 201, body: { orderId: 6 } });
    expect(await place(click())).toMatchObject({ kind: "placed" });
    expect(keys).toHaveLength(2);
  });

  it("does not wait for an opening that is far away", async () => {
    shopAnswers({ status: 409, body: { code: "SALE_NOT_OPEN", opensAt: "2999-01-01T00:00:00Z" } });
    expect(await place(click())).toMatchObject({ kind: "refused", problem: { code: "SALE_NOT_OPEN" } });
  });

  it("keeps its key when its visitor leaves before the answer", async () => {
    shopAnswers("lost");
    const control = new AbortController();
    const placing = place(click({ signal: control.signal, onWait: (wait) => wait && control.abort() }));
    await expect(placing).rejects.toHaveProperty("name", "AbortError");
    expect(openIntent("7", 1)).not.toBeNull();
  });

  it("sends who is not logged in to log in", async () => {
    shopAnswers({ status: 401, body: { code: "UNAUTHENTICATED" } });
    expect(await place(click())).toEqual({ kind: "logIn" });
  });
});
