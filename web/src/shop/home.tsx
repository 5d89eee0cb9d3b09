import { useDeferredValue, useState } from "react";
import { Link } from "wouter";
import type { Product } from "../api/client";
import { useCatalogue, type Sort } from "../api/queries";
import { count, money, nearMoment } from "../i18n/format";
import { useText } from "../i18n/text";
import { Artwork } from "../ui/artwork";
import { Countdown } from "../ui/countdown";
import { usePage, useShopNow } from "../ui/hooks";
import { Button, Empty, Pending, Skeleton } from "../ui/parts";
import { Tape } from "../ui/tape";
import { featured, phaseOf } from "./sale";

function State({ product, now }: { product: Product; now: number }) {
  const t = useText();
  const phase = phaseOf(product, product.stock, now);
  switch (phase) {
    case "notOpen":
      return (
        <span className="state state-soon">
          {t.sale.opensIn} <Countdown milliseconds={Date.parse(product.opensAt ?? "") - now} />
          <span className="sr-only">{t.sale.opens(nearMoment(product.opensAt ?? "", now))}</span>
        </span>
      );
    case "open":
      return <span className="state state-open">{t.sale.leftShort(count(product.stock.available))}</span>;
    case "soldOut":
      return <span className="state state-over">{t.sale.soldOut}{product.stock.held > 0 && ` · ${t.sale.inCheckout(count(product.stock.held))}`}</span>;
    case "paused":
      return <span className="state state-over">{t.sale.paused}</span>;
    case "closed":
      return <span className="state state-over">{t.sale.closed}</span>;
    case "gone":
      return <span className="state state-over">{t.sale.gone}</span>;
  }
}

export function Card({ product, now }: { product: Product; now: number }) {
  return (
    <Link href={`/products/${product.productId}`} className="card">
      <Artwork id={product.productId} name={product.productName} imageUrl={product.imageUrl} />
      <span className="card-name">{product.productName}</span>
      <span className="card-line"><span className="card-price">{money(product.productPrice)}</span><State product={product} now={now} /></span>
      <Tape stock={product.stock} />
    </Link>
  );
}

function Hero({ product, now }: { product: Product; now: number }) {
  const t = useText();
  return (
    <Link href={`/products/${product.productId}`} className="hero">
      <Artwork id={product.productId} name={product.productName} imageUrl={product.imageUrl} />
      <span className="hero-text">
        <span className="hero-name">{product.productName}</span>
        <span className="hero-price">{money(product.productPrice)}</span>
        <State product={product} now={now} />
        <Tape stock={product.stock} large />
        <span className="hero-go">{t.home.look}</span>
      </span>
    </Link>
  );
}

export function HomePage() {
  const t = useText();
  const heading = usePage("BuyMe");
  const [q, setQ] = useState("");
  const [sort, setSort] = useState<Sort>("newest");
  const query = useCatalogue(useDeferredValue(q.trim()), sort);
  const now = useShopNow(500);
  const products = query.data?.pages.flatMap((page) => page.items) ?? [];
  const first = q === "" && sort === "newest" ? featured(products, now) : null;
  const rest = products.filter((product) => product !== first);

  return (
    <>
      <h1 ref={heading} tabIndex={-1} className="tagline">{t.tagline}</h1>
      <Pending query={query}><Skeleton tall lines={6} /></Pending>
      {first && <Hero product={first} now={now} />}
      {(products.length > 1 || q !== "") && (
        <div className="tools">
          <h2>{t.home.title}</h2>
          <input type="search" value={q} maxLength={200} aria-label={t.home.search} placeholder={t.home.search} onChange={(event) => setQ(event.target.value)} />
          <select value={sort} aria-label={t.home.sort} onChange={(event) => setSort(event.target.value as Sort)}>
            {(Object.keys(t.home.sorts) as Sort[]).map((each) => <option key={each} value={each}>{t.home.sorts[each]}</option>)}
          </select>
        </div>
      )}
      {query.data && products.length === 0 && (q === ""
        ? <Empty {...t.home.empty} />
        : <Empty {...t.home.noHits}><Button onClick={() => setQ("")}>{t.home.clear}</Button></Empty>)}
      <div className="grid">
        {rest.map((product) => <Card key={product.productId} product={product} now={now} />)}
      </div>
      {query.hasNextPage && (
        <p className="more"><Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t.more}</Button></p>
      )}
    </>
  );
}
