// The sale while it runs: the stock as it drains (told by the stream), and the shop's counters twice a second.
import { useEffect, useRef, useState } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, shopFetch, type Product, type Stock } from "../api/client";
import { persist } from "../api/persist";
import { productQuery } from "../api/queries";
import { useLiveStock } from "../api/stock";
import { count } from "../i18n/format";
import { usePage } from "../ui/hooks";
import { Button, Empty, Notice, Pending } from "../ui/parts";
import { Tape } from "../ui/tape";
import { Chart, type Series } from "./chart";
import { parseMetrics, pointOf, readingOf, since, type Point, type Reading } from "./metrics";
import { useConsoleText } from "./text";

const span = 120_000; // milliseconds that charts show
const pause = 500; // between two readings

interface Watched {
  points: Point[];
  grown: Record<string, number>;
  available: boolean | null; // null: not known yet
}

function useMetrics(): Watched {
  const [watched, setWatched] = useState<Watched>({ points: [], grown: {}, available: null });
  const first = useRef<Reading | null>(null);
  const last = useRef<Reading | null>(null);
  useEffect(() => {
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        const response = await shopFetch(new Request("/metrics", { signal: control.signal }));
        if (response.ok) {
          const reading = readingOf(parseMetrics(await response.text()), performance.now());
          const before = last.current;
          first.current ??= reading;
          last.current = reading;
          const grown = since(first.current, reading);
          setWatched((old) => ({
            points: before ? [...old.points.filter((p) => p.at > reading.at - span), pointOf(before, reading)] : old.points,
            grown,
            available: true,
          }));
        } else if (response.status === 404) {
          return setWatched((old) => ({ ...old, available: false }));
        }
      } catch {
        if (control.signal.aborted) return;
      }
      timer = setTimeout(() => void look(), pause);
    };
    void look();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, []);
  return watched;
}

interface StockPoint { at: number; stock: Stock }

function useDraining(product: Product): { now: Stock; points: StockPoint[]; at: number } {
  const live = useLiveStock(product.productId);
  const stock = live.stock ?? product.stock;
  const [points, setPoints] = useState<StockPoint[]>([]);
  const [at, setAt] = useState(() => performance.now());
  const newest = useRef(stock);
  newest.current = stock;
  useEffect(() => setPoints([]), [product.productId]);
  useEffect(() => {
    const note = () => {
      const now = performance.now();
      setAt(now);
      setPoints((old) => [...old.filter((point) => point.at > now - span), { at: now, stock: newest.current }]);
    };
    note();
    const timer = setInterval(note, 500);
    return () => clearInterval(timer);
  }, [product.productId]);
  useEffect(() => setPoints((old) => [...old, { at: performance.now(), stock }]), [stock]);
  return { now: stock, points, at };
}

function Figure({ value, name }: { value: string; name: string }) {
  return <div className="figure"><b>{value}</b><span>{name}</span></div>;
}

export function PauseSwitch({ product }: { product: Product }) {
  const t = useConsoleText().live;
  const queries = useQueryClient();
  const { productId } = product;
  const isPaused = product.state === "PAUSED";
  const flip = useMutation({
    mutationFn: () => {
      const params = { path: { productId } };
      return persist(() => isPaused
        ? answered(api.POST("/api/products/{productId}/resume", { params }))
        : answered(api.POST("/api/products/{productId}/pause", { params })));
    },
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ["product", productId] }), queries.invalidateQueries({ queryKey: ["products"] }), queries.invalidateQueries({ queryKey: ["console"] })]),
  });
  if (product.state === "ARCHIVED") return null;
  return (
    <div className="pause">
      {isPaused && <Notice>{t.paused}</Notice>}
      {flip.error && <Notice tone="bad">{flip.error.message}</Notice>}
      <Button look={isPaused ? "strong" : "plain"} busy={flip.isPending} onClick={() => flip.mutate()}>{isPaused ? t.resume : t.pause}</Button>
    </div>
  );
}

function Sale({ product }: { product: Product }) {
  const t = useConsoleText().live;
  const { points, grown, available } = useMetrics();
  const stock = useDraining(product);
  const last = points.at(-1);
  const [from, to] = [stock.at - span, stock.at];
  const level = (name: string, tone: Series["tone"], pick: (stock: Stock) => number): Series =>
    ({ name, tone, points: stock.points.map((point) => ({ at: point.at, value: pick(point.stock) })) });
  const line = (name: string, tone: Series["tone"], pick: (point: Point) => number | null): Series =>
    ({ name, tone, points: points.map((point) => ({ at: point.at, value: pick(point) })) });
  const ends: [string, string] = [t.ago, t.now];
  const outcomes = Object.entries(grown).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  return (
    <>
      <div className="figures">
        <Figure value={count(stock.now.available)} name={t.left} />
        {available !== false && <>
          <Figure value={count(Math.round(last?.placed ?? 0))} name={t.perSecond} />
          <Figure value={count(Math.round((last?.soldOut ?? 0) + (last?.other ?? 0)))} name={t.refused} />
          <Figure value={count(last?.queue ?? 0)} name={t.queue} />
          <Figure value={last?.p99 == null ? "–" : `${count(Math.round(last.p99))} ms`} name={t.latency} />
        </>}
      </div>
      <Tape stock={stock.now} large />
      {available === false && <Notice>{t.noMetrics}</Notice>}
      <div className="charts">
        <Chart title={t.stock} stacked most={Math.max(stock.now.total, 1)} from={from} to={to} ends={ends}
          series={[level(t.sold, "sold", (s) => s.sold), level(t.held, "held", (s) => s.held), level(t.free, "free", (s) => s.available)]} />
        {available !== false && <>
          <Chart title={t.rate} from={from} to={to} ends={ends} series={[line(t.placed, "free", (p) => p.placed), line(t.soldOut, "soft", (p) => p.soldOut), line(t.other, "bad", (p) => p.other)]} />
          <Chart title={t.times} unit=" ms" from={from} to={to} ends={ends} series={[line(t.p50, "held", (p) => p.p50), line(t.p99, "bad", (p) => p.p99)]} />
          <Chart title={t.depth} from={from} to={to} ends={ends} series={[line(t.queue, "held", (p) => p.queue)]} />
        </>}
      </div>
      {outcomes.length > 0 && (
        <section>
          <h2>{t.outcomes}</h2>
          <dl className="outcomes">
            {outcomes.map(([outcome, n]) => <div key={outcome}><dt>{t.outcome[outcome] ?? outcome}</dt><dd>{count(n)}</dd></div>)}
          </dl>
        </section>
      )}
    </>
  );
}

export function LivePage({ id }: { id: string | undefined }) {
  const t = useConsoleText().live;
  const heading = usePage(t.title);
  const list = useQuery({
    queryKey: ["console", "products", "live"],
    queryFn: ({ signal }) => answered(api.GET("/api/products", { params: { query: { limit: 100 } }, signal })).then((page) => page.items),
    refetchInterval: 5000,
  });
  const [chosen, choose] = useState<number | null>(id ? Number(id) : null);
  const product = chosen ?? list.data?.[0]?.productId ?? null;
  const one = useQuery({ ...productQuery(product ?? 0), enabled: product !== null });
  return (
    <>
      <div className="head">
        <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
        {list.data && list.data.length > 0 && (
          <label className="inline">
            <span>{t.product}</span>
            <select value={product ?? ""} onChange={(event) => choose(Number(event.target.value))}>
              {list.data.map((each) => <option key={each.productId} value={each.productId}>{each.productName}</option>)}
            </select>
          </label>
        )}
        {one.data && <PauseSwitch product={one.data} />}
      </div>
      <Pending query={list} />
      {list.data?.length === 0 && <Empty {...t.empty} />}
      {one.data && <Sale key={one.data.productId} product={one.data} />}
    </>
  );
}
