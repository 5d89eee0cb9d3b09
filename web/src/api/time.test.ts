import { describe, expect, it } from "vitest";
import { narrow, type Bounds } from "./time";

// A shop whose clock is `offset` ahead of ours and whose Date header is made anew once a second at `phase`.
function dateAt(local: number, offset: number, phase: number): number {
  const shop = local + offset;
  const ticked = Math.floor((shop - phase) / 1000) * 1000 + phase;
  return Math.floor(ticked / 1000) * 1000;
}

describe("the shop's time", () => {
  it("is always within the bounds, whatever the phase and the delay, and is known to a second or so", () => {
    for (const phase of [0, 1, 400, 999]) {
      for (const offset of [-7_200_000, -333, 0, 1234, 86_400_000]) {
        let known: Bounds | null = null;
        for (let local = 10_000; local < 30_000; local += 137) {
          const delay = local % 90;
          known = narrow(known, dateAt(local + delay / 2, offset, phase), local, local + delay);
          expect(known.low).toBeLessThanOrEqual(offset);
          expect(known.high).toBeGreaterThanOrEqual(offset);
        }
        expect((known?.high ?? 0) - (known?.low ?? 0)).toBeLessThan(1300);
      }
    }
  });

  it("is learnt anew when an answer contradicts what was known", () => {
    const known = narrow(null, 1_000_000, 0, 10);
    const later = narrow(known, 2_000_000, 20, 30);
    expect(later).toEqual({ low: 2_000_000 - 30, high: 2_000_000 + 2000 - 20 });
  });
});
