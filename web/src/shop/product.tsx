import { useEffect } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { answered, api, type Product, type Stock } from "../api/client";
import { productQuery, useWishes } from "../api/queries";
import { useSession } from "../api/session";
import { useLiveStock, type Source } from "../api/stock";
import { count, money, nearMoment } from "../i18n/format";
import { useText } from "../i18n/text";
import { Artwork } from "../ui/artwork";
import { usePage, useShopNow } from "../ui/hooks";
import { NotFound, Pending, Skeleton } from "../ui/parts";
import { Tape } from "../ui/tape";
import { Buy } from "./buy";
import { phaseOf } from "./sale";

function Wish({ product }: { product: Product }) {
  const t = useText();
  const session = useSession();
  const wishes = useWishes();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const wished = wishes.data?.some((wish) => wish.productId === product.productId) ?? false;
  const toggle = useMutation({
    mutationFn: async () => {
      const productId = product.productId;
      if (wished) await answered(api.DELETE("/api/wishlist/{productId}", { params: { path: { productId } } }));
      else await answered(api.POST("/api/wishlist", { body: { productId } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["wishes"] }),
  });
  return (
    <button
      type="button"
      className="wish"
      aria-pressed={wished}
      onClick={() => (session ? toggle.mutate() : navigate(`/login?next=/products/${product.productId}`))}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 3h12v18l-6-5-6 5z" /></svg>
      {wished ? t.product.unwish : t.product.wish}
    </button>
  );
}

function StockPanel({ product, stock, source }: { product: Product; stock: Stock; source: Source }) {
  const t = useText();
  const now = useShopNow(1000);
  const phase = phaseOf(product, stock, now);
  return (
    <section className="stock" aria-label={t.sale.stock}>
      <p className="stock-line">
        <strong className="stock-number" data-testid="available">{count(stock.available)}</strong>
        <span>{t.sale.leftOf(count(stock.total))}</span>
        <span className={`live live-${source}`}>{source === "stream" ? t.sale.live : source === "poll" ? t.sale.polled : ""}</span>
      </p>
      <Tape stock={stock} large />
      <ul className="facts">
        {stock.held > 0 && <li><i className="swatch swatch-held" aria-hidden="true" />{t.sale.inCheckout(count(stock.held))}</li>}
        {product.perUserLimit !== undefined && <li>{t.sale.limit(count(product.perUserLimit))}</li>}
        {phase === "notOpen" && product.opensAt && <li>{t.sale.opens(nearMoment(product.opensAt, now))}</li>}
        {phase !== "closed" && product.closesAt && <li>{t.sale.closes(nearMoment(product.closesAt, now))}</li>}
      </ul>
    </section>
  );
}

function Shown({ product }: { product: Product }) {
  const t = useText();
  const heading = usePage(product.productName);
  const live = useLiveStock(product.productId);
  const stock = live.stock ?? product.stock;
  // Whoever gets one is shown his order at once, whatever has become of the connection.
  useEffect(() => void import("./order").catch(() => {}), []);
  return (
    <article className="product">
      <div className="product-picture"><Artwork id={product.productId} name={product.productName} imageUrl={product.imageUrl} /></div>
      <div className="product-side">
        <p className="crumb"><Link href="/">{t.product.back}</Link></p>
        <h1 ref={heading} tabIndex={-1}>{product.productName}</h1>
        <p className="price">{money(product.productPrice)}</p>
        <StockPanel product={product} stock={stock} source={live.source} />
        <Buy product={product} stock={stock} />
        <section className="about">
          <h2 className="sr-only">{t.product.about}</h2>
          <p>{product.productDescription || t.product.noAbout}</p>
        </section>
        <Wish product={product} />
      </div>
    </article>
  );
}

export function ProductPage({ id }: { id: string }) {
  const number = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : null;
  const query = useQuery({ ...productQuery(number ?? 0), enabled: number !== null });
  if (number === null) return <NotFound />;
  return (
    <>
      <Pending query={query}><Skeleton tall lines={4} /></Pending>
      {query.data && <Shown key={query.data.productId} product={query.data} />}
    </>
  );
}
