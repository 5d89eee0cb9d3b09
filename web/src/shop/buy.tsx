// The one big button. Its words are always true: what it says is what pressing it does.
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useQueryClient } from "@tanstack/react-query";
import type { Order, Product, Stock } from "../api/client";
import { openIntent } from "../api/intent";
import type { Wait } from "../api/persist";
import { place } from "../api/place";
import { Problem } from "../api/problem";
import { keepOrder, useMyOrders } from "../api/queries";
import { useSession, userOf } from "../api/session";
import { count, countdown, money, nearMoment } from "../i18n/format";
import { useText } from "../i18n/text";
import { Countdown } from "../ui/countdown";
import { useSecondsUntil, useShopNow } from "../ui/hooks";
import { Notice } from "../ui/parts";
import { buttonOf, holdingOf, type ButtonState } from "./sale";

interface Going {
  wait: Wait | null;
}

// Sends a click, and goes on with one that a reload or a lost connection left without an answer.
function usePlacing(product: number, user: string | null) {
  const [going, setGoing] = useState<Going | null>(null);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const ending = useRef<AbortController | null>(null);

  const buy = async (quantity: number) => {
    if (ending.current || user === null) return;
    const control = new AbortController();
    ending.current = control;
    setRefusal(null);
    setGoing({ wait: null });
    const onWait = (wait: Wait | null) => setGoing({ wait });
    try {
      const placed = await place({ user, product, quantity, signal: control.signal, onWait });
      if (control.signal.aborted) return;
      if (placed.kind === "placed") keepOrder(placed.order);
      void queries.invalidateQueries({ queryKey: ["orders", user] });
      if (placed.kind === "placed") navigate(`/orders/${placed.order.orderId}`);
      else if (placed.kind === "resume") navigate(`/orders/${placed.orderId}`);
      else if (placed.kind === "logIn") navigate(`/login?next=/products/${product}`);
      else setRefusal(placed.problem);
    } catch (error) {
      if (!control.signal.aborted) throw error;
    } finally {
      if (ending.current === control) ending.current = null;
      if (!control.signal.aborted) setGoing(null);
    }
  };

  useEffect(() => {
    if (user !== null && openIntent(user, product)) void buy(1);
    return () => {
      ending.current?.abort();
      ending.current = null;
    };
    // Once per product and visitor: what is left over is of them.
  }, [user, product]);
  return { going, refusal, buy };
}

function Quantity({ most, value, onChange }: { most: number; value: number; onChange: (next: number) => void }) {
  const t = useText();
  if (most < 2) return null;
  return (
    <div className="quantity" role="group" aria-label={t.buy.quantity}>
      <button type="button" aria-label={t.buy.fewer} aria-disabled={value <= 1} onClick={() => onChange(Math.max(1, value - 1))}>−</button>
      <output aria-live="polite">{count(value)}</output>
      <button type="button" aria-label={t.buy.moreOf} aria-disabled={value >= most} onClick={() => onChange(Math.min(most, value + 1))}>+</button>
    </div>
  );
}

function Face({ title, note }: { title: ReactNode; note?: ReactNode }) {
  return (
    <>
      <span className="buy-title">{title}</span>
      {note && <span className="buy-note">{note}</span>}
    </>
  );
}

function GoingFace({ wait }: Going) {
  const t = useText();
  const seconds = useSecondsUntil(wait?.until ?? null);
  if (!wait) return <Face title={t.buy.going} note={t.buy.goingNote} />;
  return <Face title={t.buy.going} note={t.inSeconds(seconds)} />;
}

function holdLeft(order: Order, now: number): string {
  return countdown(Date.parse(order.holdExpiresAt) - now).clock;
}

interface FaceProps {
  state: ButtonState;
  product: Product;
  stock: Stock;
  now: number;
  quantity: number;
  going: Going | null;
}

function faceOf({ state, product, stock, now, quantity, going }: FaceProps, t: ReturnType<typeof useText>): ReactNode {
  switch (state.kind) {
    case "going":
      return <GoingFace wait={going?.wait ?? null} />;
    case "opens":
      return (
        <>
          <span className="buy-note">{t.sale.opens(nearMoment(product.opensAt ?? "", now))}</span>
          <span className="buy-title"><Countdown milliseconds={state.at - now} /></span>
        </>
      );
    case "buy":
      return <Face title={t.buy.buyFor(money(product.productPrice * quantity))} note={t.buy.held} />;
    case "logIn":
      return <Face title={t.buy.logIn} note={t.buy.logInNote} />;
    case "resume":
      return <Face title={t.buy.resume} note={t.buy.resumeNote(holdLeft(state.order, now))} />;
    case "have":
      return <Face title={t.buy.have} note={t.buy.haveNote} />;
    case "paused":
      return <Face title={t.buy.paused} note={t.buy.pausedNote} />;
    case "closed":
      return <Face title={t.buy.closed} note={product.closesAt && t.buy.closedNote(nearMoment(product.closesAt, now))} />;
    case "gone":
      return <Face title={t.buy.gone} />;
    case "soldOut":
      return <Face title={t.buy.soldOut} note={stock.held > 0 ? t.buy.soldOutHeld(count(stock.held)) : t.buy.soldOutNote} />;
  }
}

// Said once when the state changes, for whoever does not see the button.
function spoken(state: ButtonState, t: ReturnType<typeof useText>): string {
  const words: Partial<Record<ButtonState["kind"], string>> = {
    going: t.buy.going, buy: t.sale.open, logIn: t.sale.open, soldOut: t.buy.soldOut, paused: t.buy.paused, closed: t.buy.closed, resume: t.buy.resume, have: t.buy.have,
  };
  return words[state.kind] ?? "";
}

function Refusal({ problem }: { problem: Problem }) {
  const t = useText();
  if (problem.code !== "SOLD_OUT") return <Notice tone="bad">{problem.message}</Notice>;
  const left = problem.body.available ?? 0;
  if (left > 0) return <Notice tone="bad">{t.buy.onlyLeft(count(left))}</Notice>;
  return (
    <Notice tone="bad">
      <strong>{t.buy.lost}</strong> {t.buy.lostText}
    </Notice>
  );
}

export function Buy({ product, stock }: { product: Product; stock: Stock }) {
  const t = useText();
  const user = userOf(useSession());
  const mine = useMyOrders();
  const now = useShopNow(200);
  const [wanted, setQuantity] = useState(1);
  const { going, refusal, buy } = usePlacing(product.productId, user);
  const [, navigate] = useLocation();

  const orders = user === null ? null : (mine.data ?? []);
  const state = buttonOf({ product, stock, orders, now, going: going !== null });
  const most = state.kind === "buy" || state.kind === "logIn" ? state.most : 1;
  const quantity = Math.min(wanted, most);
  const live = state.kind === "buy" || state.kind === "logIn" || state.kind === "resume" || state.kind === "have";
  const holding = holdingOf(product.productId, orders ?? [], now);

  const press = () => {
    if (state.kind === "buy") void buy(quantity);
    else if (state.kind === "logIn") navigate(`/login?next=/products/${product.productId}`);
    else if (state.kind === "resume" || state.kind === "have") navigate(`/orders/${state.order.orderId}`);
  };

  return (
    <div className="buy">
      {refusal && (state.kind !== "going") && <Refusal problem={refusal} />}
      {going?.wait && <Notice>{going.wait.problem.isBusy ? t.buy.goingBusy : t.buy.goingLost}</Notice>}
      {state.kind === "buy" && holding.toPay && (
        <Notice>
          {t.buy.alsoHold} <Link href={`/orders/${holding.toPay.orderId}`}>{t.buy.resumeShort}</Link>
        </Notice>
      )}
      {state.kind === "opens" && user === null && (
        <p className="buy-before">
          <Link href={`/login?next=/products/${product.productId}`}>{t.buy.logInBefore}</Link>
        </p>
      )}
      <div className="buy-row">
        {(state.kind === "buy" || state.kind === "logIn") && <Quantity most={most} value={quantity} onChange={setQuantity} />}
        <button
          type="button"
          className={`buy-button buy-${state.kind}`}
          data-state={state.kind}
          aria-disabled={!live || undefined}
          aria-busy={state.kind === "going" || undefined}
          onClick={press}
        >
          {faceOf({ state, product, stock, now, quantity, going }, t)}
        </button>
      </div>
      <p className="sr-only" role="status">{spoken(state, t)}</p>
    </div>
  );
}
