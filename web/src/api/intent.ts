// A click on "buy" that has no certain answer yet. Its idempotency key is kept in local storage before the
// request leaves, so that a double click, a reload, another tab or a crash of the browser repeats the same order and
// never makes a second one. It goes away with a certain answer.

export interface Intent {
  key: string;
  quantity: number;
  at: number; // by this browser's clock; only to forget what is old
}

const lifetime = 15 * 60_000; // longer than any hold: the order, if there is one, is in the list of orders
const nameOf = (user: string, product: number) => `buyme.intent.${user}.${product}`;

export function openIntent(user: string, product: number, now = Date.now()): Intent | null {
  try {
    const text = localStorage.getItem(nameOf(user, product));
    const intent = text ? (JSON.parse(text) as Intent) : null;
    if (intent && typeof intent.key === "string" && Math.abs(now - intent.at) < lifetime) return intent;
  } catch {
    // not ours, or storage is closed to us
  }
  return null;
}

// The open one if there is one, whatever quantity is asked for now: its answer comes first.
export function intend(user: string, product: number, quantity: number, now = Date.now()): Intent {
  const open = openIntent(user, product, now);
  if (open) return open;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const intent = { key, quantity, at: now };
  localStorage.setItem(nameOf(user, product), JSON.stringify(intent));
  return intent;
}

export function settleIntent(user: string, product: number, key: string): void {
  if (openIntent(user, product)?.key === key) localStorage.removeItem(nameOf(user, product));
}
