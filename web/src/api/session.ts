// Who is logged in, in all tabs of the browser: two tokens in local storage. A refresh token is good once, and one
// that comes twice ends the session, so only one tab at a time spends it (Web Locks), and whoever waited for the
// lock looks first whether another has done it.
import { useSyncExternalStore } from "react";
import type { components } from "./schema.gen";

const place = "buyme.session";
const spare = 30_000; // a token that ends this soon is renewed before it is used

export interface Session {
  accessToken: string;
  refreshToken: string;
  endsAt: number; // of the access token, by this browser's clock
}

const listeners = new Set<() => void>();
let seenText: string | null = null;
let seen: Session | null = null;

export function readSession(): Session | null {
  const text = localStorage.getItem(place);
  if (text !== seenText) {
    seenText = text;
    try {
      seen = text ? (JSON.parse(text) as Session) : null;
    } catch {
      seen = null;
    }
  }
  return seen;
}

export function writeSession(session: Session | null): void {
  if (session) localStorage.setItem(place, JSON.stringify(session));
  else localStorage.removeItem(place);
  listeners.forEach((tell) => tell());
}

export function keepTokens(tokens: components["schemas"]["Tokens"]): void {
  writeSession({
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    endsAt: Date.now() + tokens.expiresIn * 1000,
  });
}

// The account's number, from the token: enough to name what is kept in this browser for it.
export function userOf(session: Session | null): string | null {
  try {
    const claims = JSON.parse(atob(session?.accessToken.split(".")[1]?.replace(/-/g, "+").replace(/_/g, "/") ?? ""));
    return String(claims.sub);
  } catch {
    return null;
  }
}

function subscribe(tell: () => void): () => void {
  const changed = (event: StorageEvent) => {
    if (event.key === place || event.key === null) tell();
  };
  listeners.add(tell);
  window.addEventListener("storage", changed);
  return () => {
    listeners.delete(tell);
    window.removeEventListener("storage", changed);
  };
}

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, readSession);
}

export const isNearlyOver = (session: Session): boolean => Date.now() > session.endsAt - spare;

let renewing: Promise<Session | null> | null = null;

// A session whose access token is not `old`; null when it has ended. Throws when the shop cannot be asked.
export function renew(old: Session, send: (refreshToken: string) => Promise<Response>): Promise<Session | null> {
  const work = async (): Promise<Session | null> => {
    const now = readSession();
    if (!now || now.accessToken !== old.accessToken) return now;
    const response = await send(now.refreshToken);
    if (response.ok) {
      keepTokens((await response.json()) as components["schemas"]["Tokens"]);
    } else if (response.status === 401 || response.status === 400) {
      writeSession(null);
    } else {
      throw new TypeError(`the session could not be renewed: ${response.status}`);
    }
    return readSession();
  };
  // Plain HTTP on another address than this machine's has no locks; one tab is then as good as it gets.
  const alone = async (): Promise<Session | null> =>
    navigator.locks ? await navigator.locks.request("buyme.session", work) : await work();
  const under = renewing ?? alone().finally(() => (renewing = null));
  renewing = under;
  return under;
}
