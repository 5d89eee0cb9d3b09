import { describe, expect, it, vi } from "vitest";
import { persist } from "./persist";
import { pauseBefore, Problem } from "./problem";

const busy = new Problem(503, { code: "OVERLOADED" }, 3);
const lost = new Problem(0, {}, null);
const refused = new Problem(409, { code: "SOLD_OUT" }, null);
const soon = { pause: () => 1 };

describe("persist", () => {
  it("repeats what was not done or not answered until there is an answer, and tells of each wait", async () => {
    const ask = vi.fn().mockRejectedValueOnce(busy).mockRejectedValueOnce(lost).mockResolvedValueOnce("order");
    const waits: (string | null)[] = [];
    const onWait = (wait: { problem: Problem } | null) => waits.push(wait && wait.problem.code);
    expect(await persist(ask, { ...soon, onWait })).toBe("order");
    expect(ask).toHaveBeenCalledTimes(3);
    expect(waits).toEqual(["OVERLOADED", "OFFLINE", null]);
  });

  it("takes a refusal for an answer", async () => {
    const ask = vi.fn().mockRejectedValue(refused);
    await expect(persist(ask, soon)).rejects.toBe(refused);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("ends with whoever wanted it", async () => {
    const control = new AbortController();
    const ask = vi.fn().mockRejectedValue(busy);
    const asking = persist(ask, { pause: () => 60_000, signal: control.signal, onWait: () => control.abort() });
    await expect(asking).rejects.toHaveProperty("name", "AbortError");
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe("the pause before another try", () => {
  it("is what the shop said, spread a little", () => {
    expect(pauseBefore(busy, 0, () => 0)).toBe(3000);
    expect(pauseBefore(busy, 9, () => 0.999)).toBeLessThan(3401);
  });
  it("grows where nobody said anything, and not for ever", () => {
    expect([0, 1, 2, 20].map((failures) => pauseBefore(lost, failures, () => 0))).toEqual([500, 1000, 2000, 8000]);
  });
});

describe("a problem", () => {
  it("is unknown, busy or an answer", () => {
    const unknown = new Problem(503, { code: "OUTCOME_UNKNOWN" }, 1);
    expect([unknown.isUnknown, unknown.isBusy, unknown.isWorthRepeating]).toEqual([true, false, true]);
    expect([busy.isUnknown, busy.isBusy, busy.isWorthRepeating]).toEqual([false, true, true]);
    expect([refused.isUnknown, refused.isBusy, refused.isWorthRepeating]).toEqual([false, false, false]);
    expect(new Problem(502, {}, null).isUnknown).toBe(true);
  });
});
