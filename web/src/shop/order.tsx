// One order: a ticket with its number, what is to be done now, and what happened to it.
import { useState, type ReactNode } from "react";
import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api, type Order, type OrderItem } from "../api/client";
import { persist, type Wait } from "../api/persist";
import { Problem } from "../api/problem";
import { historyQuery, keepOrder, orderQuery, paymentsQuery, productQuery, queryClient } from "../api/queries";
import { useSession } from "../api/session";
import { shopNow } from "../api/time";
import { count, money, moment } from "../i18n/format";
import { useText } from "../i18n/text";
import { Ask } from "../ui/ask";
import { Artwork } from "../ui/artwork";
import { Countdown } from "../ui/countdown";
import { usePage, useSecondsUntil, useShopNow } from "../ui/hooks";
import { Button, NotFound, Notice, Pending, Skeleton } from "../ui/parts";
import { lookAgainIn, paymentOf, refundOf, type Money, type PaymentState, type Refunded } from "./payment";
import { Navigate } from "./navigate";

// An attempt to pay, until its outcome is certain. A lost connection is no reason to pay again: the order is
// looked at, and tells.
function usePay(order: Order) {
  const queries = useQueryClient();
  const [wait, setWait] = useState<Wait | null>(null);
  const pay = useMutation({
    mutationFn: async () => {
      const path = { orderId: order.orderId };
      const ask = async () => {
        try {
          await answered(api.POST("/api/orders/{orderId}/attempt-payment", { params: { path } }));
        } catch (error) {
          // Only what was certainly not done is asked for again.
          if (!(error instanceof Problem) || error.isBusy) throw error;
          return error;
        }
        return null;
      };
      return persist(ask, { onWait: setWait });
    },
    onSettled: async () => {
      setWait(null);
      await queries.invalidateQueries({ queryKey: ["order", order.orderId] });
      void queries.invalidateQueries({ queryKey: ["orders"] });
    },
  });
  return { pay, wait, problem: pay.data ?? null };
}

function PayButton({ order, state, late }: { order: Order; state: PaymentState; late: boolean }) {
  const t = useText();
  const { pay, wait, problem } = usePay(order);
  const seconds = useSecondsUntil(wait?.until ?? null);
  const busy = pay.isPending || state === "settling";
  const declined = state === "declined" && !busy;
  const lost = problem?.isUnknown && state !== "declined";
  return (
    <div className="pay">
      {declined && <Notice tone="bad"><strong>{t.order.declined}</strong> {t.order.declinedMore}</Notice>}
      {wait && <Notice>{t.order.busyPay} {t.inSeconds(seconds)}</Notice>}
      {state === "settling" && !pay.isPending && <Notice>{lost ? t.order.unknown : t.order.inProgress}</Notice>}
      {problem && !lost && !["PAYMENT_FAILED", "PAYMENT_IN_PROGRESS", "PAYMENT_REFUNDED", "ILLEGAL_STATE"].includes(problem.code) && (
        <Notice tone="bad">{problem.message}</Notice>
      )}
      {!late && (
        <button
          type="button"
          className={`buy-button buy-${busy ? "going" : "buy"}`}
          aria-disabled={busy || undefined}
          aria-busy={busy || undefined}
          onClick={() => !busy && pay.mutate()}
        >
          <span className="buy-title">{busy ? t.order.paying : (declined ? t.order.retry : t.order.pay)(money(order.orderAmount))}</span>
          {busy && <span className="buy-note">{t.order.payingNote}</span>}
        </button>
      )}
    </div>
  );
}

function Refund({ refund }: { refund: Refunded | null }) {
  const t = useText();
  if (!refund) return null;
  return <p className="refund">{(refund.done ? t.order.refunded : t.order.refunding)(money(refund.amount))}</p>;
}

function Headline({ order, state, refund }: { order: Order; state: PaymentState; refund: Refunded | null }) {
  const t = useText();
  const o = t.order;
  const now = useShopNow(250);
  const say = (title: string, text: string, tone: string, more?: ReactNode) => (
    <div className={`outcome outcome-${tone}`} role="status">
      <h2>{title}</h2>
      <p>{text}</p>
      {more}
      <Refund refund={refund} />
    </div>
  );
  const again = <Link className="button button-plain" href={`/products/${order.orderItems[0]?.productId ?? ""}`}>{o.toProduct}</Link>;
  switch (state) {
    case "paid":
      if (order.orderStatus === "SHIPPED") return say(o.shippedTitle, o.shippedText, "good");
      if (order.orderStatus === "DELIVERED") return say(o.deliveredTitle, o.deliveredText, "good");
      return say(o.paidTitle, o.paidText, "good");
    case "canceled":
      return say(o.canceledTitle, o.canceledText, "over", again);
    case "expired":
      return say(o.expiredTitle, o.expiredText, "over", again);
    case "late":
      return say(o.lateTitle, o.lateText(money(order.orderAmount)), "bad", again);
    case "over":
      return say(o.expiredTitle, o.holdOver, "over");
    default: {
      const left = Date.parse(order.holdExpiresAt) - now;
      return (
        <div className={left < 60_000 ? "hold hold-short" : "hold"}>
          <p>{o.holdEnds}</p>
          <p className="hold-clock"><Countdown milliseconds={left} /><span className="sr-only">{moment(order.holdExpiresAt)}</span></p>
        </div>
      );
    }
  }
}

function Return({ item, onDone }: { item: OrderItem; onDone: () => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [quantity, setQuantity] = useState(item.quantity);
  const [reason, setReason] = useState("");
  const [key, setKey] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      persist(() =>
        answered(
          api.POST("/api/orders/items/{orderItemId}/return", {
            params: { path: { orderItemId: item.orderItemId }, header: { "Idempotency-Key": key } },
            body: { quantity, ...(reason.trim() ? { reason: reason.trim() } : {}) },
          }),
        ),
      ),
    onSuccess: () => {
      setOpen(false);
      onDone();
    },
  });
  const begin = () => {
    setKey(`return-${item.orderItemId}-${Date.now()}`);
    setOpen(true);
  };
  return (
    <>
      <Button look="quiet" onClick={begin}>{t.order.returnItem}</Button>
      <Ask open={open} title={t.order.returnTitle} text={t.order.returnText} yes={t.order.returnYes} busy={ask.isPending}
        error={ask.error?.message ?? null} onYes={() => ask.mutate()} onClose={() => setOpen(false)}>
        {item.quantity > 1 && (
          <label className="field">
            <span>{t.order.returnQuantity}</span>
            <select value={quantity} onChange={(event) => setQuantity(Number(event.target.value))}>
              {Array.from({ length: item.quantity }, (_, i) => <option key={i} value={i + 1}>{count(i + 1)}</option>)}
            </select>
          </label>
        )}
        <label className="field">
          <span>{t.order.returnReason}</span>
          <input value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </label>
      </Ask>
    </>
  );
}

function Items({ order, onChange }: { order: Order; onChange: () => void }) {
  const t = useText();
  const products = useQueries({ queries: order.orderItems.map((item) => ({ ...productQuery(item.productId), refetchInterval: false as const })) });
  return (
    <section>
      <h2>{t.order.items}</h2>
      <ul className="items">
        {order.orderItems.map((item, i) => {
          const product = products[i]?.data;
          const name = product?.productName ?? `#${item.productId}`;
          return (
            <li key={item.orderItemId}>
              <Link href={`/products/${item.productId}`} className="items-name">
                <Artwork id={item.productId} name={name} imageUrl={product?.imageUrl} />
                <span>{name}<small>{t.order.each(money(item.price))} · {t.orders.pieces(item.quantity)}</small></span>
              </Link>
              <span className="items-end">
                <span className={`tag tag-${item.status}`}>{t.itemStatus[item.status]}</span>
                {item.status === "DELIVERED" && <Return item={item} onDone={onChange} />}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Timeline({ order }: { order: Order }) {
  const t = useText();
  const history = useQuery(historyQuery(order.orderId));
  const steps = [
    { at: order.orderDate, to: "PENDING", reason: "" },
    ...(history.data ?? []),
  ];
  return (
    <section>
      <h2>{t.order.timeline}</h2>
      <ol className="timeline">
        {steps.map((step, i) => (
          <li key={i} className={i === steps.length - 1 ? "timeline-now" : undefined}>
            <span>{t.order.steps[step.to] ?? step.to}</span>
            <time dateTime={step.at}>{moment(step.at)}</time>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Cancel({ order, onChange }: { order: Order; onChange: (order: Order) => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const cancel = useMutation({
    mutationFn: () =>
      persist(() => answered(api.POST("/api/orders/{orderId}/cancel", { params: { path: { orderId: order.orderId } } }))),
    onSuccess: (canceled) => {
      setOpen(false);
      onChange(canceled);
    },
  });
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>{t.order.cancel}</Button>
      <Ask open={open} title={t.order.cancelTitle} text={order.orderStatus === "PAID" ? t.order.cancelPaid : t.order.cancelUnpaid}
        yes={t.order.cancelYes} danger busy={cancel.isPending} error={cancel.error?.message ?? null}
        onYes={() => cancel.mutate()} onClose={() => setOpen(false)} />
    </>
  );
}

function Ticket({ order, payments }: { order: Order; payments: Money | undefined }) {
  const t = useText();
  const heading = usePage(t.order.title(order.orderId));
  const queries = useQueryClient();
  const now = useShopNow(250);
  const state = paymentOf(order, payments, now);
  const refund = refundOf(order, payments);
  const toPay = state === "payable" || state === "declined" || state === "settling";
  const look = () => {
    void queries.invalidateQueries({ queryKey: ["order", order.orderId] });
    void queries.invalidateQueries({ queryKey: ["orders"] });
  };
  return (
    <article className="order">
      <header className="ticket">
        <h1 ref={heading} tabIndex={-1}>
          <span className="sr-only">{t.order.title(order.orderId)}</span>
          <span aria-hidden="true" className="ticket-number"><small>{t.order.number}</small>{String(order.orderId).padStart(4, "0")}</span>
        </h1>
        <dl>
          <div><dt>{t.order.placed}</dt><dd>{moment(order.orderDate)}</dd></div>
          <div><dt>{t.order.total}</dt><dd>{money(order.orderAmount)}</dd></div>
        </dl>
      </header>
      <div className="ticket-body">
        <Headline order={order} state={state} refund={refund} />
        {toPay && <PayButton order={order} state={state} late={false} />}
      </div>
      <Items order={order} onChange={look} />
      <Timeline order={order} />
      {(toPay || order.orderStatus === "PAID") && state !== "settling" && (
        <p className="order-end"><Cancel order={order} onChange={(canceled) => { keepOrder(canceled); look(); }} /></p>
      )}
    </article>
  );
}

const dayByDay = 30_000; // what is paid is shipped and delivered by the day

// How soon order and payments are looked at again; both together, so that they tell one story.
function lookAgain(id: number): number | false {
  const order = queryClient.getQueryData(orderQuery(id).queryKey);
  const money = queryClient.getQueryData(paymentsQuery(id).queryKey);
  if (!order) return false;
  const soon = lookAgainIn(paymentOf(order, money, shopNow()), refundOf(order, money));
  return soon ?? (order.orderStatus === "PAID" || order.orderStatus === "SHIPPED" ? dayByDay : false);
}

export function OrderPage({ id }: { id: string }) {
  const session = useSession();
  const number = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : 0;
  const enabled = session !== null && number > 0;
  const order = useQuery({ ...orderQuery(number), enabled, refetchInterval: () => lookAgain(number) });
  const payments = useQuery({ ...paymentsQuery(number), enabled, refetchInterval: () => lookAgain(number) });
  if (!session) return <Navigate to={`/login?next=/orders/${id}`} />;
  if (number === 0) return <NotFound />;
  return (
    <>
      <Pending query={order}><Skeleton lines={5} /></Pending>
      {order.data && <Ticket key={number} order={order.data} payments={payments.data} />}
    </>
  );
}
