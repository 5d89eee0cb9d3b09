// Prices, numbers and times as the visitor's language writes them; times in his time zone.
import { language, type Language } from "./language";

const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
function keep<T extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: (locale: Language) => T): T {
  const key = `${language()} ${name}`;
  let made = kept.get(key) as T | undefined;
  if (!made) kept.set(key, (made = make(language())));
  return made;
}

export const money = (amount: number): string =>
  keep("money", (l) => new Intl.NumberFormat(l, { style: "currency", currency: "KRW" })).format(amount);

export const count = (value: number): string => keep("count", (l) => new Intl.NumberFormat(l)).format(value);

export const share = (value: number): string =>
  keep("share", (l) => new Intl.NumberFormat(l, { style: "percent", maximumFractionDigits: 1 })).format(value);

export const moment = (iso: string | number): string =>
  keep("moment", (l) => new Intl.DateTimeFormat(l, { dateStyle: "medium", timeStyle: "short" })).format(new Date(iso));

export const momentWithSeconds = (iso: string | number): string =>
  keep("seconds", (l) => new Intl.DateTimeFormat(l, { dateStyle: "short", timeStyle: "medium" })).format(new Date(iso));

export const clockTime = (iso: string | number): string =>
  keep("clock", (l) => new Intl.DateTimeFormat(l, { timeStyle: "short" })).format(new Date(iso));

// Today's as a time alone.
export function nearMoment(iso: string, now: number): string {
  const near = new Date(iso).toDateString() === new Date(now).toDateString();
  return near ? clockTime(iso) : moment(iso);
}

// "9:41", "1:02:03", and days before it. Never negative; the last second counts down to 0.
export function countdown(milliseconds: number): { days: number; clock: string } {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600) % 24;
  const clock = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const days = Math.floor(seconds / 86_400);
  return { days, clock: hours > 0 || days > 0 ? `${two(hours)}:${clock}` : clock };
}
