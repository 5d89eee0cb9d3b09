import { describe, expect, it } from "vitest";
import { en as consoleEn } from "../console/text.en";
import { ko as consoleKo } from "../console/text.ko";
import { nextPage } from "../shop/account";
import { refusalOf } from "../shop/fields";
import { countdown } from "./format";
import { languageOf } from "./language";
import { en } from "./shop.en";
import { ko } from "./shop.ko";

function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}.${key}`));
}

describe("both languages", () => {
  it("say the same things, and nothing in the other one", () => {
    for (const [one, other] of [[en, ko], [consoleEn, consoleKo]]) {
      expect(leaves(other).map(([path]) => path)).toEqual(leaves(one).map(([path]) => path));
      for (const [path, text] of leaves(one)) {
        if (typeof text === "string" && path !== ".settings.language") expect(text, path).not.toMatch(/[가-힣]/);
      }
    }
  });
  it("are chosen by the browser until the visitor chooses", () => {
    expect(languageOf(null, ["fr", "ko-KR", "en"])).toBe("ko");
    expect(languageOf(null, ["en-US", "ko"])).toBe("en");
    expect(languageOf(null, ["fr"])).toBe("en");
    expect(languageOf("ko", ["en"])).toBe("ko");
    expect(languageOf("xx", ["en"])).toBe("en");
  });
});

describe("a countdown", () => {
  it("ends at 0 and not before", () => {
    expect(countdown(1).clock).toBe("00:01");
    expect(countdown(0).clock).toBe("00:00");
    expect(countdown(-5).clock).toBe("00:00");
    expect(countdown(600_000).clock).toBe("10:00");
    expect(countdown(3_600_000).clock).toBe("01:00:00");
    expect(countdown(90_000_000)).toEqual({ days: 1, clock: "01:00:00" });
  });
});

describe("the page after a log-in", () => {
  it("is one of this shop", () => {
    expect(nextPage("next=/products/1")).toBe("/products/1");
    for (const bad of ["", "next=https://evil.example", "next=//evil.example", "next=/\\evil.example", "next=javascript:1"]) expect(nextPage(bad)).toBe("/");
  });
});

describe("a field", () => {
  it("counts characters as the shop does", () => {
    expect(refusalOf("👟👟", { minLength: 2, maxLength: 2 }, en.account, "bad")).toBe(true);
    expect(refusalOf("", { minLength: 1 }, en.account, "bad")).toBe(en.account.required);
    expect(refusalOf("abc", { pattern: "^[0-9]+$" }, en.account, "bad")).toBe("bad");
    expect(refusalOf("short", { minLength: 8 }, en.account, "bad")).toBe(en.account.tooShort(8));
  });
});
