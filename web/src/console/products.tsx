import { useRef, useState } from "react";
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api, type Product } from "../api/client";
import { persist } from "../api/persist";
import { Problem } from "../api/problem";
import { count, money, moment } from "../i18n/format";
import { usePage } from "../ui/hooks";
import { Button, Empty, Notice, Pending } from "../ui/parts";
import { Tape } from "../ui/tape";
import { exportOf, importProducts, save } from "./csv";
import { ProductPage } from "./product";
import { useConsoleText } from "./text";

type State = "all" | "ACTIVE" | "PAUSED" | "ARCHIVED";
const states: State[] = ["all", "ACTIVE", "PAUSED", "ARCHIVED"];

function Csv() {
  const t = useConsoleText().products;
  const queries = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const down = useMutation({ mutationFn: async () => save("products.csv", await exportOf("/api/admin/products.csv")) });
  const up = useMutation({
    mutationFn: async (chosen: File) => {
      const text = await chosen.text();
      const key = `import-${Date.now()}`;
      return persist(() => importProducts(text, key));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["console"] }),
  });
  const done = up.data;
  const linesOf = (result: string) => done?.lines.filter((line) => line.result === result).map((line) => line.line).join(", ") ?? "";
  const errors = up.error instanceof Problem ? (up.error.body.errors ?? []) : [];
  return (
    <>
      <div className="row">
        <Button busy={down.isPending} onClick={() => down.mutate()}>{t.exportCsv}</Button>
        <Button busy={up.isPending} onClick={() => file.current?.click()}>{up.isPending ? t.importing : t.importCsv}</Button>
        <input ref={file} type="file" accept=".csv,text/csv" hidden aria-label={t.importCsv} onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) up.mutate(chosen);
          event.target.value = "";
        }} />
      </div>
      {down.error && <Notice tone="bad">{down.error.message}</Notice>}
      {done && <Notice tone="good">{t.imported(done.created, done.changed, done.kept)}</Notice>}
      {done && done.refused > 0 && <Notice tone="bad">{t.refusedLines(linesOf("REFUSED"))}</Notice>}
      {done && done.pending > 0 && <Notice>{t.pendingLines(linesOf("PENDING"))}</Notice>}
      {up.error && (
        <Notice tone="bad">
          {errors.length > 0 ? t.importFailed : up.error.message}
          {errors.length > 0 && <ul>{errors.map((each) => <li key={each.field}><code>{each.field}</code> {each.detail}</li>)}</ul>}
        </Notice>
      )}
    </>
  );
}

function Row({ product }: { product: Product }) {
  const c = useConsoleText();
  const { available, held, sold } = product.stock;
  return (
    <tr>
      <th scope="row"><Link href={`/console/products/${product.productId}`}>{product.productName}</Link></th>
      <td data-label={c.products.price} className="number">{money(product.productPrice)}</td>
      <td data-label={c.products.state}><span className={`tag ${product.state === "ACTIVE" ? "tag-good" : ""}`}>{c.product.state[product.state]}</span></td>
      <td data-label={c.products.stock} className="number">{count(available)} / {count(held)} / {count(sold)}<Tape stock={product.stock} /></td>
      <td data-label={c.products.opens}>{product.opensAt ? moment(product.opensAt) : "–"}</td>
    </tr>
  );
}

function List() {
  const c = useConsoleText();
  const t = c.products;
  const heading = usePage(t.title);
  const [q, setQ] = useState("");
  const [state, setState] = useState<State>("all");
  const list = useInfiniteQuery({
    queryKey: ["console", "products", q.trim(), state],
    queryFn: ({ pageParam, signal }) =>
      answered(api.GET("/api/products", {
        params: { query: { limit: 50, ...(q.trim() ? { q: q.trim() } : {}), ...(state === "all" ? {} : { state }), ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      })),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  });
  const products = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="head">
        <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
        <Link href="/console/products/new" className="button button-strong">{t.create}</Link>
      </div>
      <div className="filters">
        <input type="search" value={q} maxLength={200} aria-label={t.search} placeholder={t.search} onChange={(event) => setQ(event.target.value)} />
        <select value={state} aria-label={t.state} onChange={(event) => setState(event.target.value as State)}>
          {states.map((each) => <option key={each} value={each}>{t[each]}</option>)}
        </select>
      </div>
      <Csv />
      <Pending query={list} />
      {list.data && products.length === 0 && <Empty {...t.empty} />}
      {products.length > 0 && (
        <table className="table">
          <thead><tr><th scope="col">{t.name}</th><th scope="col">{t.price}</th><th scope="col">{t.state}</th><th scope="col">{t.stock}</th><th scope="col">{t.opens}</th></tr></thead>
          <tbody>{products.map((product) => <Row key={product.productId} product={product} />)}</tbody>
        </table>
      )}
      {list.hasNextPage && <p className="more"><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{c.more}</Button></p>}
    </>
  );
}

export function ProductsPage({ id }: { id: string | undefined }) {
  return id === undefined ? <List /> : <ProductPage id={id} />;
}
