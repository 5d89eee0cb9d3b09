import { useQueries } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Order } from "../api/client";
import { productQuery, useMyOrders } from "../api/queries";
import { useSession } from "../api/session";
import { money, moment } from "../i18n/format";
import { useText } from "../i18n/text";
import { Countdown } from "../ui/countdown";
import { usePage, useShopNow } from "../ui/hooks";
import { Empty, Pending } from "../ui/parts";
import { Navigate } from "./navigate";
import { isUnpaid } from "./sale";

function Row({ order, now, name }: { order: Order; now: number; name: string }) {
  const t = useText();
  const left = Date.parse(order.holdExpiresAt) - now;
  const units = order.orderItems.reduce((sum, item) => sum + item.quantity, 0);
  return (
    <li>
      <Link href={`/orders/${order.orderId}`} className={isUnpaid(order) ? "stub stub-open" : "stub"}>
        <span className="stub-number"><small>{t.order.number}</small>{String(order.orderId).padStart(4, "0")}</span>
        <span className="stub-text">
          <strong>{name}</strong>
          <small>{t.orders.pieces(units)} · {money(order.orderAmount)} · {moment(order.orderDate)}</small>
        </span>
        <span className={`tag tag-${order.orderStatus}`}>
          {t.status[order.orderStatus]}
          {isUnpaid(order) && left > 0 && <> <Countdown milliseconds={left} /></>}
        </span>
      </Link>
    </li>
  );
}

export function OrdersPage() {
  const t = useText();
  const heading = usePage(t.orders.title);
  const session = useSession();
  const orders = useMyOrders();
  const now = useShopNow(orders.data?.some(isUnpaid) ? 500 : null);
  const ids = [...new Set(orders.data?.map((order) => order.orderItems[0]?.productId ?? 0).filter((id) => id > 0))];
  const products = useQueries({ queries: ids.map((id) => ({ ...productQuery(id), refetchInterval: false as const, staleTime: 60_000 })) });
  const nameOf = (order: Order) => {
    const id = order.orderItems[0]?.productId ?? 0;
    return products[ids.indexOf(id)]?.data?.productName ?? `#${id}`;
  };
  if (!session) return <Navigate to="/login?next=/orders" />;
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.orders.title}</h1>
      <Pending query={orders} />
      {orders.data?.length === 0 && <Empty {...t.orders.empty}><Link className="button button-plain" href="/">{t.back}</Link></Empty>}
      <ul className="stubs">{orders.data?.map((order) => <Row key={order.orderId} order={order} now={now} name={nameOf(order)} />)}</ul>
    </>
  );
}
