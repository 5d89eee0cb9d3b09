// The stock of a product, live: server-sent events while the page is looked at, and a question every two seconds
// when they cannot be had. All parts of the page that show one product share one stream. A hidden page listens to
// nothing: a browser has six connections per shop for all its tabs.
import { useCallback, useSyncExternalStore } from "react";
import { answered, api, type Stock } from "./client";
import { pauseBefore, Problem } from "./problem";

export type Source = "none" | "stream" | "poll";
export interface LiveStock {
  stock: Stock | null;
  source: Source;
}

const pollPause = 2000;
const streamPause = 10_000; // before a stream that was refused is tried again
const nothing: LiveStock = { stock: null, source: "none" };

class StockFeed {
  private state: LiveStock = nothing;
  private version = -1;
  private readonly listeners = new Set<() => void>();
  private stream: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private streamAgainAt = 0;
  private failures = 0;
  private silent = true; // the stream has not told the newest state

  constructor(private readonly product: number) {}

  readonly read = (): LiveStock => this.state;

  readonly listen = (tell: () => void): (() => void) => {
    this.listeners.add(tell);
    if (this.listeners.size === 1) {
      document.addEventListener("visibilitychange", this.look);
      this.look();
    }
    return () => {
      this.listeners.delete(tell);
      if (this.listeners.size > 0) return;
      document.removeEventListener("visibilitychange", this.look);
      this.stop();
    };
  };

  private readonly look = (): void => {
    if (document.hidden) this.stop();
    else this.start();
  };

  private start(): void {
    if (this.stream || typeof EventSource === "undefined") return this.schedule(0);
    if (performance.now() < this.streamAgainAt) return this.schedule(0);
    this.silent = true;
    const stream = new EventSource(`/api/products/${this.product}/stock/stream`);
    this.stream = stream;
    stream.addEventListener("stock", (event) => {
      // Another server of the same shop may be a moment behind.
      const version = Number(event.lastEventId);
      if (version < this.version) return;
      this.version = version;
      this.failures = 0;
      this.silent = false;
      clearTimeout(this.timer);
      this.show(JSON.parse(event.data as string) as Stock, "stream");
    });
    stream.addEventListener("error", () => {
      // The browser tries a lost connection again by itself; one that was refused it gives up.
      if (stream.readyState === EventSource.CLOSED) {
        this.stream = null;
        this.streamAgainAt = performance.now() + streamPause;
      }
      this.version = -1; // a shop that starts anew counts anew
      this.silent = true;
      this.schedule(0);
    });
    this.schedule(pollPause);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.stream?.close();
    this.stream = null;
    this.version = -1;
  }

  private schedule(pause: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.poll(), pause);
  }

  private async poll(): Promise<void> {
    if (!this.silent && this.stream) return; // the stream came meanwhile
    let pause = pollPause;
    try {
      const stock = await answered(
        api.GET("/api/products/{productId}/stock", { params: { path: { productId: this.product } } }),
      );
      this.failures = 0;
      if (this.silent || !this.stream) this.show(stock, "poll");
    } catch (error) {
      if (error instanceof Problem) pause = Math.max(pollPause, pauseBefore(error, this.failures++));
    }
    if (this.listeners.size === 0 || document.hidden) return;
    if (!this.stream && performance.now() >= this.streamAgainAt) this.start();
    else if (this.silent || !this.stream) this.schedule(pause);
  }

  private show(stock: Stock, source: Source): void {
    this.state = { stock, source };
    this.listeners.forEach((tell) => tell());
  }
}

const feeds = new Map<number, StockFeed>();

export function feedOf(product: number): StockFeed {
  let feed = feeds.get(product);
  if (!feed) feeds.set(product, (feed = new StockFeed(product)));
  return feed;
}

// `enabled`: false where the list that the product came with is fresh enough.
export function useLiveStock(product: number, enabled = true): LiveStock {
  const feed = feedOf(product);
  const listen = useCallback((tell: () => void) => (enabled ? feed.listen(tell) : () => {}), [feed, enabled]);
  return useSyncExternalStore(listen, enabled ? feed.read : () => nothing);
}
