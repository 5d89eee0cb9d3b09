import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { shopNow } from "../api/time";

// The shop's time, looked at again every `period` milliseconds; null: not at all.
export function useShopNow(period: number | null): number {
  const [now, setNow] = useState(shopNow);
  useEffect(() => {
    if (period === null) return;
    setNow(shopNow());
    const timer = setInterval(() => setNow(shopNow()), period);
    return () => clearInterval(timer);
  }, [period]);
  return now;
}

// Seconds until a moment of performance.now().
export function useSecondsUntil(until: number | null): number {
  const left = () => (until === null ? 0 : Math.max(0, Math.ceil((until - performance.now()) / 1000)));
  const [, redraw] = useState(0);
  useEffect(() => {
    if (until === null) return;
    const timer = setInterval(() => redraw((n) => n + 1), 250);
    return () => clearInterval(timer);
  }, [until]);
  return left();
}

let isFirstPage = true;

// The page's title; after a move within the shop its heading has the focus, as after a page load.
export function usePage(title: string): React.RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === "BuyMe" ? title : `${title} · BuyMe`;
  }, [title]);
  useEffect(() => {
    if (isFirstPage) {
      isFirstPage = false;
      return;
    }
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return heading;
}

export type Theme = "auto" | "light" | "dark";
const place = "buyme.theme";
const themeListeners = new Set<() => void>();

export function theme(): Theme {
  const kept = localStorage.getItem(place);
  return kept === "light" || kept === "dark" ? kept : "auto";
}
export function chooseTheme(next: Theme): void {
  if (next === "auto") localStorage.removeItem(place);
  else localStorage.setItem(place, next);
  showTheme();
  themeListeners.forEach((tell) => tell());
}
export function showTheme(): void {
  const chosen = theme();
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}
export function useTheme(): Theme {
  return useSyncExternalStore((tell) => {
    themeListeners.add(tell);
    return () => themeListeners.delete(tell);
  }, theme);
}
