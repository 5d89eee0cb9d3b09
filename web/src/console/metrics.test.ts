import { describe, expect, it } from "vitest";
import { niceTop, pathOf } from "./chart";
import { nextOf } from "./csv";
import { parseMetrics, pointOf, quantileBetween, readingOf } from "./metrics";

const text = (placed: number, soldOut: number, buckets: number[]) => `# HELP buyme_orders_total Orders asked for, by outcome.
# TYPE buyme_orders_total counter
buyme_orders_total{outcome="PLACED"} ${placed}
buyme_orders_total{outcome="SOLD_OUT"} ${soldOut}
buyme_order_queue_placements 12
buyme_http_request_seconds_bucket{method="POST",route="/api/orders",le="0.1"} ${buckets[0]}
buyme_http_request_seconds_bucket{method="POST",route="/api/orders",le="0.5"} ${buckets[1]}
buyme_http_request_seconds_bucket{method="POST",route="/api/orders",le="+Inf"} ${buckets[2]}
buyme_http_request_seconds_bucket{method="GET",route="/api/orders",le="0.1"} 77
`;
const read = (at: number, placed: number, soldOut: number, buckets: number[]) => readingOf(parseMetrics(text(placed, soldOut, buckets)), at);

describe("what the counters say", () => {
  it("per second, between two readings", () => {
    const point = pointOf(read(0, 10, 5, [0, 0, 0]), read(500, 110, 25, [60, 100, 100]));
    expect(point).toMatchObject({ placed: 200, soldOut: 40, other: 0, queue: 12 });
    expect(point.p50).toBeCloseTo(83.3, 1);
    expect(point.p99).toBeCloseTo(490, 0);
  });
  it("of a shop that started anew", () => {
    expect(pointOf(read(0, 1000, 0, [5, 5, 5]), read(1000, 3, 0, [1, 1, 1]))).toMatchObject({ placed: 3 });
  });
  it("nothing of a time in which nothing was answered", () => {
    expect(quantileBetween(read(0, 1, 1, [1, 2, 3]), read(1, 1, 1, [1, 2, 3]), 0.5)).toBeNull();
  });
  it("at least the last bound of what has none", () => {
    expect(quantileBetween(read(0, 0, 0, [0, 0, 0]), read(1, 0, 0, [0, 0, 9]), 0.5)).toBe(0.5);
  });
});

describe("a chart", () => {
  it("has a round top and gaps where nothing is known", () => {
    expect([0, 0.3, 7, 12, 4800].map(niceTop)).toEqual([1, 0.5, 10, 20, 5000]);
    expect(pathOf([{ x: 0, y: 1 }, { x: 1, y: null }, { x: 2, y: 3 }, { x: 3, y: 4 }])).toBe("M0.0 1.0M2.0 3.0L3.0 4.0");
  });
});

describe("a long export", () => {
  it("is continued where the shop says", () => {
    expect(nextOf('</api/admin/orders.csv?cursor=7>; rel="next"')).toBe("/api/admin/orders.csv?cursor=7");
    expect(nextOf(null)).toBeNull();
  });
});
