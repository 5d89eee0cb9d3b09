// The shop's time. Visitors' clocks are wrong, so nothing on the page reads them: countdowns and holds run by
// an estimate from the Date header of the shop's answers.
//
// The header has whole seconds and is made anew once a second, so an answer that was asked for at `sent` and came
// at `received` says no more than: at some moment between the two the shop's time was in [date, date + 2 s).
// Each answer bounds the difference between the two clocks; several together pin it down to a second or less.
// The page's own clock is the monotonic one, which nobody sets.

const headerSpread = 2000;

export interface Bounds {
  low: number;
  high: number;
}

// What is known of the difference after one more answer. An answer that contradicts what was known (the machine
// slept, the shop moved to another server) begins anew.
export function narrow(known: Bounds | null, date: number, sent: number, received: number): Bounds {
  const answer = { low: date - received, high: date + headerSpread - sent };
  if (!known) return answer;
  const both = { low: Math.max(known.low, answer.low), high: Math.min(known.high, answer.high) };
  return both.low <= both.high ? both : answer;
}

let bounds: Bounds | null = null;

export function learnTime(response: Response, sent: number, received: number): void {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (!Number.isNaN(date)) bounds = narrow(bounds, date, sent, received);
}

// Milliseconds since 1970, by the shop's clock; by the visitor's until the shop has answered once.
export function shopNow(): number {
  if (!bounds) return Date.now();
  return performance.now() + (bounds.low + bounds.high) / 2;
}
