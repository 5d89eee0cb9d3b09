// A product as a form holds it (text), as the shop takes it, and what is wrong with it. Pure.
import type { Product, Schemas } from "../api/client";
import { rules } from "../api/rules.gen";
import type { Bounds } from "../shop/fields";

export interface Draft {
  productName: string;
  productDescription: string;
  productPrice: string;
  productStock: string;
  opensAt: string; // as <input type=datetime-local> has it: local time
  closesAt: string;
  perUserLimit: string;
  imageUrl: string;
}

export const emptyDraft: Draft = {
  productName: "", productDescription: "", productPrice: "", productStock: "", opensAt: "", closesAt: "", perUserLimit: "1", imageUrl: "",
};

const two = (value: number) => String(value).padStart(2, "0");

// An instant as the input wants it, in this device's time zone; seconds only when there are any.
export function localOf(iso: string | undefined): string {
  if (!iso) return "";
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const seconds = at.getSeconds() > 0 ? `:${two(at.getSeconds())}` : "";
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
}

export const instantOf = (local: string): string | null => (local === "" ? null : new Date(local).toISOString());

export function draftOf(product: Product): Draft {
  return {
    productName: product.productName,
    productDescription: product.productDescription,
    productPrice: String(product.productPrice),
    productStock: String(product.productStock),
    opensAt: localOf(product.opensAt),
    closesAt: localOf(product.closesAt),
    perUserLimit: product.perUserLimit === undefined ? "" : String(product.perUserLimit),
    imageUrl: product.imageUrl ?? "",
  };
}

// A product with an opening is RESERVED: sold from then.
export function bodyOf(draft: Draft): Schemas["ProductDraft"] {
  return {
    productName: draft.productName.trim(),
    productDescription: draft.productDescription.replace(/\r\n?/g, "\n"),
    productPrice: Number(draft.productPrice),
    productStock: Number(draft.productStock),
    productType: draft.opensAt === "" ? "NORMAL" : "RESERVED",
    opensAt: instantOf(draft.opensAt),
    closesAt: instantOf(draft.closesAt),
    perUserLimit: draft.perUserLimit === "" ? null : Number(draft.perUserLimit),
    imageUrl: draft.imageUrl.trim() === "" ? null : draft.imageUrl.trim(),
  };
}

export type Wrong = "required" | "number" | "range" | "order" | "badImage" | "bad" | null;

export function wrongOf(field: keyof Draft, draft: Draft): Wrong {
  const bounds: Bounds = rules.ProductDraft[field];
  const value = draft[field].trim();
  if (value === "") return ["productName", "productPrice", "productStock"].includes(field) ? "required" : null;
  if (bounds.minimum !== undefined || bounds.maximum !== undefined) {
    if (!/^\d+$/.test(value)) return "number";
    const number = Number(value);
    return number < (bounds.minimum ?? 0) || number > (bounds.maximum ?? Infinity) ? "range" : null;
  }
  if (Array.from(value).length > (bounds.maxLength ?? Infinity)) return "bad";
  if (field === "closesAt" && draft.opensAt !== "" && draft.closesAt <= draft.opensAt) return "order";
  if (field === "imageUrl" && !new RegExp(bounds.pattern ?? "", "u").test(value)) return "badImage";
  if (field === "productName" && !new RegExp(bounds.pattern ?? "", "u").test(value)) return "bad";
  return null;
}
