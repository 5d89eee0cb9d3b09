// One click on "buy", from the click to a certain answer.
import { answered, api, type Order } from "./client";
import { intend, settleIntent } from "./intent";
import { persist, sleep, type Wait } from "./persist";
import { Problem } from "./problem";
import { shopNow } from "./time";

export type Placed =
  | { kind: "placed"; order: Order }
  | { kind: "resume"; orderId: number } // he holds one already
  | { kind: "logIn" }
  | { kind: "refused"; problem: Problem };

export interface Placement {
  user: string;
  product: number;
  quantity: number;
  signal: AbortSignal;
  onWait: (wait: Wait | null) => void;
}

// Our estimate of the shop's time may be half a second ahead: a click within this long before the opening waits
// for it at the door.
const earlyClick = 3000;
const doorPause = 150;

const send = ({ product }: Placement, key: string, quantity: number): Promise<Order> =>
  answered(
    api.POST("/api/orders", {
      params: { header: { "Idempotency-Key": key } },
      body: { orderItems: [{ productId: product, quantity }] },
    }),
  );

export async function place(placement: Placement): Promise<Placed> {
  const { user, product, quantity, signal, onWait } = placement;
  const intent = intend(user, product, quantity);
  for (;;) {
    try {
      const order = await persist(() => send(placement, intent.key, intent.quantity), { signal, onWait });
      settleIntent(user, product, intent.key);
      return { kind: "placed", order };
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // the visitor left the page: the intent stays
      const opensAt = error.code === "SALE_NOT_OPEN" && error.body.opensAt;
      if (opensAt && Date.parse(opensAt) - shopNow() < earlyClick) {
        await sleep(doorPause, signal);
        continue;
      }
      settleIntent(user, product, intent.key);
      if (error.code === "LIMIT_EXCEEDED" && error.body.orderId) return { kind: "resume", orderId: error.body.orderId };
      if (error.status === 401) return { kind: "logIn" };
      return { kind: "refused", problem: error };
    }
  }
}
