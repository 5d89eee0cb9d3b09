import { describe, expect, it } from "vitest";
import { cellsOf } from "./tape";

const stock = (available: number, held: number, sold: number) => ({ total: available + held + sold, available, held, sold, soldOut: available === 0 });

describe("the tape", () => {
  it("has a cell for a single unit of many, and none for what is not there", () => {
    expect(cellsOf(stock(1, 0, 999), 48)).toEqual({ free: 1, held: 0, sold: 47 });
    expect(cellsOf(stock(0, 1, 999), 48)).toEqual({ free: 0, held: 1, sold: 47 });
    expect(cellsOf(stock(1, 999, 0), 48)).toEqual({ free: 1, held: 47, sold: 0 });
    expect(cellsOf(stock(700, 0, 0), 48)).toEqual({ free: 48, held: 0, sold: 0 });
    expect(cellsOf(stock(0, 0, 0), 48)).toEqual({ free: 0, held: 0, sold: 0 });
    expect(cellsOf(stock(2, 1, 1), 48)).toEqual({ free: 2, held: 1, sold: 1 });
  });
  it("always adds up", () => {
    for (let a = 0; a <= 30; ++a) {
      for (let h = 0; h <= 30; ++h) {
        const { free, held, sold } = cellsOf(stock(a, h, 1000 - a - h), 40);
        expect(free + held + sold).toBe(40);
        expect(free > 0).toBe(a > 0);
        expect(Math.min(free, held, sold)).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
