// What /metrics says (Prometheus' text format), and what two readings say together. Pure.

export interface Sample {
  labels: Record<string, string>;
  value: number;
}
export type Metrics = Map<string, Sample[]>;

const line = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (\S+)/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): Metrics {
  const metrics: Metrics = new Map();
  for (const each of text.split("\n")) {
    const found = line.exec(each);
    if (!found) continue;
    const [, name = "", inner = "", number = ""] = found;
    const labels: Record<string, string> = {};
    for (const [, key = "", value = ""] of inner.matchAll(label)) labels[key] = value;
    const samples = metrics.get(name) ?? [];
    samples.push({ labels, value: Number(number.replace("+Inf", "Infinity")) });
    metrics.set(name, samples);
  }
  return metrics;
}

export interface Reading {
  at: number; // milliseconds, monotonic
  outcomes: Record<string, number>; // orders asked for, since the shop started
  queue: number;
  buckets: { bound: number; count: number }[]; // of the time to answer POST /api/orders; cumulative
}

export function readingOf(metrics: Metrics, at: number): Reading {
  const outcomes: Record<string, number> = {};
  for (const { labels, value } of metrics.get("buyme_orders_total") ?? []) outcomes[labels["outcome"] ?? ""] = value;
  const buckets = (metrics.get("buyme_http_request_seconds_bucket") ?? [])
    .filter(({ labels }) => labels["method"] === "POST" && labels["route"] === "/api/orders")
    .map(({ labels, value }) => ({ bound: Number((labels["le"] ?? "").replace("+Inf", "Infinity")), count: value }))
    .sort((a, b) => a.bound - b.bound);
  return { at, outcomes, queue: metrics.get("buyme_order_queue_placements")?.[0]?.value ?? 0, buckets };
}

// How many more there are of each outcome; a shop that started anew begins at 0.
export function since(before: Reading, now: Reading): Record<string, number> {
  const grown: Record<string, number> = {};
  for (const [outcome, value] of Object.entries(now.outcomes)) {
    const old = before.outcomes[outcome] ?? 0;
    grown[outcome] = value >= old ? value - old : value;
  }
  return grown;
}

// Seconds that so large a share of what was answered between the two took at most: the upper end of its bucket,
// interpolated. null when nothing was answered.
export function quantileBetween(before: Reading, now: Reading, share: number): number | null {
  const old = new Map(before.buckets.map(({ bound, count }) => [bound, count]));
  const restarted = now.buckets.some(({ bound, count }) => count < (old.get(bound) ?? 0));
  const counts = now.buckets.map(({ bound, count }) => ({ bound, count: count - (restarted ? 0 : (old.get(bound) ?? 0)) }));
  const all = counts.at(-1)?.count ?? 0;
  if (all <= 0) return null;
  const wanted = share * all;
  let low = 0;
  let below = 0;
  for (const { bound, count } of counts) {
    if (count >= wanted) {
      if (bound === Infinity) return low;
      return low + ((bound - low) * (wanted - below)) / Math.max(count - below, 1);
    }
    low = bound;
    below = count;
  }
  return low;
}

const answered = new Set(["PLACED", "REPLAYED"]);

export interface Point {
  at: number;
  placed: number; // per second
  soldOut: number;
  other: number;
  queue: number;
  p50: number | null; // milliseconds
  p99: number | null;
}

export function pointOf(before: Reading, now: Reading): Point {
  const seconds = Math.max((now.at - before.at) / 1000, 0.001);
  const grown = since(before, now);
  const other = Object.entries(grown).reduce((sum, [outcome, n]) => (answered.has(outcome) || outcome === "SOLD_OUT" ? sum : sum + n), 0);
  const ms = (seconds: number | null) => (seconds === null ? null : seconds * 1000);
  return {
    at: now.at,
    placed: (grown["PLACED"] ?? 0) / seconds,
    soldOut: (grown["SOLD_OUT"] ?? 0) / seconds,
    other: other / seconds,
    queue: now.queue,
    p50: ms(quantileBetween(before, now, 0.5)),
    p99: ms(quantileBetween(before, now, 0.99)),
  };
}
