// The visitor's language: what he chose, else what his browser prefers.
import { useSyncExternalStore } from "react";

export type Language = "ko" | "en";
const place = "buyme.language";
const listeners = new Set<() => void>();

export function languageOf(chosen: string | null, preferred: readonly string[]): Language {
  if (chosen === "ko" || chosen === "en") return chosen;
  const first = preferred.map((each) => each.slice(0, 2).toLowerCase()).find((each) => each === "ko" || each === "en");
  return (first as Language | undefined) ?? "en";
}

let current = languageOf(localStorage.getItem(place), navigator.languages);
document.documentElement.lang = current;

export const language = (): Language => current;

export function chooseLanguage(next: Language): void {
  current = next;
  localStorage.setItem(place, next);
  document.documentElement.lang = next;
  listeners.forEach((tell) => tell());
}

export function useLanguage(): Language {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, language);
}
