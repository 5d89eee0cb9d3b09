import { beforeEach, describe, expect, it } from "vitest";
import { intend, openIntent, settleIntent } from "./intent";

beforeEach(() => localStorage.clear());

describe("a click without an answer", () => {
  it("has one key until it is answered, whatever is clicked meanwhile and after a reload", () => {
    const first = intend("7", 1, 2, 1000);
    expect(intend("7", 1, 5, 2000)).toEqual(first);
    expect(openIntent("7", 1, 2000)).toEqual(first);
    settleIntent("7", 1, "another key");
    expect(openIntent("7", 1, 2000)).toEqual(first);
  });

  it("is forgotten with its answer: the next click is another order", () => {
    const first = intend("7", 1, 1);
    settleIntent("7", 1, first.key);
    expect(openIntent("7", 1)).toBeNull();
    expect(intend("7", 1, 1).key).not.toBe(first.key);
  });

  it("belongs to one account and one product", () => {
    intend("7", 1, 1, 1000);
    expect(openIntent("8", 1, 1000)).toBeNull();
    expect(openIntent("7", 2, 1000)).toBeNull();
  });

  it("grows old, and what is no intent is none", () => {
    intend("7", 1, 1, 1000);
    expect(openIntent("7", 1, 1000 + 16 * 60_000)).toBeNull();
    localStorage.setItem("buyme.intent.7.1", "{");
    expect(openIntent("7", 1, 1000)).toBeNull();
  });

  it("has a key that the shop takes", () => {
    expect(intend("7", 1, 1).key).toMatch(/^[!-~]{16,128}$/);
  });
});
