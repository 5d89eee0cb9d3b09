import { describe, expect, it } from "vitest";
import { bodyOf, draftOf, emptyDraft, localOf, instantOf, wrongOf, type Draft } from "./draft";

const draft: Draft = { ...emptyDraft, productName: "Shoe", productPrice: "129000", productStock: "700" };

describe("a product in a form", () => {
  it("says the same instant in the time of the device and back", () => {
    for (const iso of ["2026-03-01T03:00:00.000Z", "2026-07-14T21:05:09.000Z"]) expect(instantOf(localOf(iso))).toBe(iso);
    expect(instantOf("")).toBeNull();
    expect(localOf(undefined)).toBe("");
  });
  it("is what the shop takes", () => {
    expect(bodyOf(draft)).toEqual({
      productName: "Shoe", productDescription: "", productPrice: 129000, productStock: 700, productType: "NORMAL",
      opensAt: null, closesAt: null, perUserLimit: 1, imageUrl: null,
    });
    expect(bodyOf({ ...draft, opensAt: "2026-03-01T12:00" }).productType).toBe("RESERVED");
    expect(bodyOf({ ...draft, productDescription: "a\r\nb" }).productDescription).toBe("a\nb");
  });
  it("stays what it is when nothing is changed", () => {
    const product = {
      productId: 1, productName: "Shoe", productDescription: "", productPrice: 1, productStock: 2, productType: "RESERVED" as const, state: "ACTIVE" as const,
      opensAt: "2026-03-01T03:00:00.000Z", createdAt: "", stock: { total: 2, available: 2, held: 0, sold: 0, soldOut: false },
    };
    expect(bodyOf(draftOf(product))).toMatchObject({ opensAt: product.opensAt, closesAt: null, perUserLimit: null, productType: "RESERVED" });
  });
  it("is refused with the shop's own bounds", () => {
    expect(wrongOf("productName", { ...draft, productName: " " })).toBe("required");
    expect(wrongOf("productPrice", { ...draft, productPrice: "12.5" })).toBe("number");
    expect(wrongOf("productStock", { ...draft, productStock: "1000000001" })).toBe("range");
    expect(wrongOf("perUserLimit", { ...draft, perUserLimit: "0" })).toBe("range");
    expect(wrongOf("perUserLimit", { ...draft, perUserLimit: "" })).toBeNull();
    expect(wrongOf("closesAt", { ...draft, opensAt: "2026-03-01T12:00", closesAt: "2026-03-01T11:00" })).toBe("order");
    expect(wrongOf("imageUrl", { ...draft, imageUrl: "javascript:alert(1)" })).toBe("badImage");
  });
});
