import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { feedOf } from "./stock";

class FakeStream {
  static all: FakeStream[] = [];
  static readonly CLOSED = 2;
  readyState = 1;
  private readonly handlers = new Map<string, (event: object) => void>();
  constructor(readonly url: string) {
    FakeStream.all.push(this);
  }
  addEventListener(name: string, handler: (event: object) => void) {
    this.handlers.set(name, handler);
  }
  close() {
    this.readyState = FakeStream.CLOSED;
  }
  tell(version: number, available: number) {
    this.handlers.get("stock")?.({ lastEventId: String(version), data: JSON.stringify({ available }) });
  }
  fail(closed: boolean) {
    if (closed) this.readyState = FakeStream.CLOSED;
    this.handlers.get("error")?.({});
  }
}

let product = 1;
let polled = 0;

beforeEach(() => {
  vi.useFakeTimers();
  FakeStream.all = [];
  polled = 0;
  ++product; // a feed of its own
  vi.stubGlobal("EventSource", FakeStream);
  vi.stubGlobal("fetch", async () => {
    ++polled;
    return new Response(JSON.stringify({ available: 3 }), { headers: { "Content-Type": "application/json" } });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("live stock", () => {
  it("follows one stream for all who look, and ends with the last of them", async () => {
    const feed = feedOf(product);
    const [one, two] = [vi.fn(), vi.fn()];
    const stops = [feed.listen(one), feed.listen(two)];
    expect(FakeStream.all).toHaveLength(1);
    FakeStream.all[0]?.tell(1, 9);
    expect(feed.read()).toMatchObject({ stock: { available: 9 }, source: "stream" });
    expect([one.mock.calls.length, two.mock.calls.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(polled).toBe(0);
    stops.forEach((stop) => stop());
    expect(FakeStream.all[0]?.readyState).toBe(FakeStream.CLOSED);
  });

  it("takes no older state for news", () => {
    const feed = feedOf(product);
    const stop = feed.listen(() => {});
    FakeStream.all[0]?.tell(5, 2);
    FakeStream.all[0]?.tell(4, 7);
    expect(feed.read().stock?.available).toBe(2);
    stop();
  });

  it("asks every two seconds when the stream is refused, and tries the stream again", async () => {
    const feed = feedOf(product);
    const stop = feed.listen(() => {});
    FakeStream.all[0]?.fail(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(polled).toBeGreaterThanOrEqual(2);
    expect(polled).toBeLessThanOrEqual(4);
    expect(feed.read()).toMatchObject({ stock: { available: 3 }, source: "poll" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(FakeStream.all.length).toBeGreaterThanOrEqual(2);
    FakeStream.all.at(-1)?.tell(1, 8);
    const before = polled;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polled - before).toBeLessThanOrEqual(1);
    expect(feed.read()).toMatchObject({ stock: { available: 8 }, source: "stream" });
    stop();
  });

  it("asks while a lost stream is being connected again", async () => {
    const feed = feedOf(product);
    const stop = feed.listen(() => {});
    FakeStream.all[0]?.tell(7, 5);
    FakeStream.all[0]?.fail(false);
    await vi.advanceTimersByTimeAsync(2500);
    expect(polled).toBeGreaterThanOrEqual(1);
    FakeStream.all[0]?.tell(2, 4); // a shop that started anew counts anew
    expect(feed.read().stock?.available).toBe(4);
    stop();
  });
});
