// Orders of everybody, one of them in full, and what is on its way back.
import { useState } from "react";
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api, type Order, type OrderItem } from "../api/client";
import { persist } from "../api/persist";
import { historyQuery, orderQuery, paymentsQuery } from "../api/queries";
import { count, money, moment, momentWithSeconds } from "../i18n/format";
import { useText } from "../i18n/text";
import { isUnpaid } from "../shop/sale";
import { Ask } from "../ui/ask";
import { usePage } from "../ui/hooks";
import { Button, Empty, NotFound, Notice, Pending } from "../ui/parts";
import { exportOf, save } from "./csv";
import { useConsoleText } from "./text";

type Status = Order["orderStatus"];

function useOrders(status: Status | "", buyer: string, limit = 50) {
  return useInfiniteQuery({
    queryKey: ["console", "orders", status, buyer, limit],
    queryFn: ({ pageParam, signal }) =>
      answered(api.GET("/api/orders", {
        params: { query: { limit, ...(status ? { status } : {}), ...(buyer ? { userId: Number(buyer) } : {}), ...(pageParam ? { cursor: Number(pageParam) } : {}) } },
        signal,
      })),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
}

function Export({ status, buyer }: { status: string; buyer: string }) {
  const t = useConsoleText().orders;
  const filter = new URLSearchParams({ ...(status ? { status } : {}), ...(buyer ? { userId: buyer } : {}) }).toString();
  const down = useMutation({ mutationFn: async () => save("orders.csv", await exportOf(`/api/admin/orders.csv${filter ? `?${filter}` : ""}`)) });
  return (
    <>
      <Button busy={down.isPending} onClick={() => down.mutate()}>{t.exportCsv}</Button>
      {down.error && <Notice tone="bad">{down.error.message}</Notice>}
    </>
  );
}

function List() {
  const c = useConsoleText();
  const t = c.orders;
  const shop = useText();
  const heading = usePage(t.title);
  const [status, setStatus] = useState<Status | "">("");
  const [typed, setBuyer] = useState(() => new URLSearchParams(window.location.search).get("buyer") ?? "");
  const buyer = /^[1-9]\d{0,15}$/.test(typed) ? typed : "";
  const list = useOrders(status, buyer);
  const orders = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="head"><h1 ref={heading} tabIndex={-1}>{t.title}</h1><Export status={status} buyer={buyer} /></div>
      <div className="filters">
        <select value={status} aria-label={t.status} onChange={(event) => setStatus(event.target.value as Status | "")}>
          <option value="">{t.any}</option>
          {(Object.keys(shop.status) as Status[]).map((each) => <option key={each} value={each}>{shop.status[each]}</option>)}
        </select>
        <input value={typed} inputMode="numeric" aria-label={t.buyer} placeholder={t.buyer} onChange={(event) => setBuyer(event.target.value.trim())} />
      </div>
      <Pending query={list} />
      {list.data && orders.length === 0 && <Empty {...t.empty} />}
      {orders.length > 0 && (
        <table className="table">
          <thead><tr><th scope="col">{t.number}</th><th scope="col">{t.status}</th><th scope="col">{t.amount}</th><th scope="col">{t.buyer}</th><th scope="col">{t.placed}</th></tr></thead>
          <tbody>
            {orders.map((order) => (
              <tr key={order.orderId}>
                <th scope="row"><Link href={`/console/orders/${order.orderId}`}>{t.one(order.orderId)}</Link></th>
                <td data-label={t.status}><span className={`tag tag-${order.orderStatus}`}>{shop.status[order.orderStatus]}</span></td>
                <td data-label={t.amount} className="number">{money(order.orderAmount)}</td>
                <td data-label={t.buyer} className="number">{order.userId}</td>
                <td data-label={t.placed}>{momentWithSeconds(order.orderDate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {list.hasNextPage && <p className="more"><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{c.more}</Button></p>}
    </>
  );
}

function Complete({ item }: { item: OrderItem }) {
  const t = useConsoleText().orders;
  const [open, setOpen] = useState(false);
  const [restock, setRestock] = useState(false);
  const queries = useQueryClient();
  const complete = useMutation({
    mutationFn: () =>
      persist(() => answered(api.POST("/api/orders/items/{orderItemId}/complete-return", { params: { path: { orderItemId: item.orderItemId } }, body: { restock } }))),
    onSuccess: async () => {
      setOpen(false);
      await Promise.all([queries.invalidateQueries({ queryKey: ["order"] }), queries.invalidateQueries({ queryKey: ["console", "orders"] })]);
    },
  });
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.complete}</Button>
      <Ask open={open} title={t.completeTitle} text={t.completeText(money(item.price * item.quantity))} yes={t.completeYes}
        busy={complete.isPending} error={complete.error?.message ?? null} onYes={() => complete.mutate()} onClose={() => setOpen(false)}>
        <label className="check">
          <input type="checkbox" checked={restock} onChange={(event) => setRestock(event.target.checked)} />
          <span>{t.restock}<small>{t.restockHint}</small></span>
        </label>
      </Ask>
    </>
  );
}

function Cancel({ order }: { order: Order }) {
  const t = useConsoleText().orders;
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => persist(() => answered(api.POST("/api/orders/{orderId}/cancel", { params: { path: { orderId: order.orderId } } }))),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["order", order.orderId] });
    },
  });
  if (!isUnpaid(order) && order.orderStatus !== "PAID") return null;
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>{t.cancel}</Button>
      <Ask open={open} title={t.cancelTitle} text={t.cancelText} yes={t.cancel} danger busy={cancel.isPending}
        error={cancel.error?.message ?? null} onYes={() => cancel.mutate()} onClose={() => setOpen(false)} />
    </>
  );
}

function Whole({ order }: { order: Order }) {
  const c = useConsoleText();
  const t = c.orders;
  const shop = useText();
  const heading = usePage(t.one(order.orderId));
  const payments = useQuery({ ...paymentsQuery(order.orderId), refetchInterval: 5000 });
  const history = useQuery({ ...historyQuery(order.orderId), refetchInterval: 5000 });
  return (
    <>
      <div className="head">
        <h1 ref={heading} tabIndex={-1}>{t.one(order.orderId)}</h1>
        <span className={`tag tag-${order.orderStatus}`}>{shop.status[order.orderStatus]}</span>
        <span>{money(order.orderAmount)} · {c.by(order.userId)} · {moment(order.orderDate)}</span>
      </div>
      <section className="panel">
        <h2>{t.items}</h2>
        <ul className="rows">
          {order.orderItems.map((item) => (
            <li key={item.orderItemId}>
              <Link href={`/console/products/${item.productId}`}>{t.product(item.productId)}</Link>
              <span>{count(item.quantity)} × {money(item.price)}</span>
              <span className={`tag tag-${item.status}`}>{shop.itemStatus[item.status]}</span>
              {item.status === "RETURN_REQUESTED" && <Complete item={item} />}
            </li>
          ))}
        </ul>
      </section>
      <section className="panel">
        <h2>{t.payments}</h2>
        <ul className="rows">
          {payments.data?.attempts.map((attempt) => (
            <li key={attempt.attemptId}><span>{t.attempt(attempt.attemptNumber)}</span><span>{money(attempt.amount)}</span><span className="tag">{attempt.settlement ?? attempt.state}</span><time>{momentWithSeconds(attempt.requestedAt)}</time></li>
          ))}
          {payments.data?.refunds.map((refund) => (
            <li key={`r${refund.refundId}`}><span>{t.refund(refund.refundId)}</span><span>{money(refund.amount)}</span><span className="tag">{refund.state}</span><span>{t.tries(refund.tries)}</span></li>
          ))}
        </ul>
        {payments.data?.attempts.length === 0 && <p>{c.none}</p>}
      </section>
      <section className="panel">
        <h2>{t.history}</h2>
        <ul className="rows">
          <li><span>{shop.order.steps["PENDING"]}</span><span>{c.by(order.userId)}</span><time>{momentWithSeconds(order.orderDate)}</time></li>
          {history.data?.map((step, i) => (
            <li key={i}><span>{shop.order.steps[step.to] ?? step.to}</span><span>{c.by(step.actor)}</span><span>{step.reason}</span><time>{momentWithSeconds(step.at)}</time></li>
          ))}
        </ul>
      </section>
      <Cancel order={order} />
    </>
  );
}

function One({ id }: { id: number }) {
  const order = useQuery({ ...orderQuery(id), refetchInterval: 5000 });
  return order.data ? <Whole order={order.data} /> : <Pending query={order} />;
}

export function OrdersPage({ id }: { id: string | undefined }) {
  if (id === undefined) return <List />;
  return /^[1-9]\d{0,15}$/.test(id) ? <One id={Number(id)} /> : <NotFound />;
}

export function ReturnsPage() {
  const c = useConsoleText();
  const t = c.returns;
  const shop = useText();
  const heading = usePage(t.title);
  const list = useOrders("DELIVERED", "", 100);
  const orders = list.data?.pages.flatMap((page) => page.items) ?? [];
  const back = orders.flatMap((order) => order.orderItems.filter((item) => item.status === "RETURN_REQUESTED").map((item) => ({ order, item })));
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
      <Pending query={list} />
      {list.data && back.length === 0 && <Empty {...t.empty} />}
      {list.data && <p>{t.text(orders.length)}</p>}
      <ul className="rows panel-list">
        {back.map(({ order, item }) => (
          <li key={item.orderItemId}>
            <Link href={`/console/orders/${order.orderId}`}>{c.orders.one(order.orderId)}</Link>
            <span>{c.orders.product(item.productId)} · {shop.orders.pieces(item.quantity)}</span>
            <Complete item={item} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && <p className="more"><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t.look}</Button></p>}
    </>
  );
}
