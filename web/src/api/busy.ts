// Whether the shop, or the way to it, keeps visitors waiting right now; the page says so in one place.
import { useSyncExternalStore } from "react";

export type Trouble = "none" | "busy" | "offline";
export interface Waiting {
  trouble: Trouble;
  until: number; // of performance.now(); when the page means to ask again
}

const calm: Waiting = { trouble: "none", until: 0 };
let state = calm;
const listeners = new Set<() => void>();

function set(next: Waiting): void {
  if (next.trouble === "none" && state.trouble === "none") return;
  state = next;
  listeners.forEach((tell) => tell());
}

// After each answer; status 0: none came.
export function noteAnswer(status: number, retryAfter: number | null): void {
  if (status === 0) set({ trouble: "offline", until: performance.now() + 1000 });
  else if (status === 503) set({ trouble: "busy", until: performance.now() + (retryAfter ?? 1) * 1000 });
  else set(calm);
}

export function useWaiting(): Waiting {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => state,
  );
}
