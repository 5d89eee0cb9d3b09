import { en, type ShopText } from "./shop.en";
import { ko } from "./shop.ko";
import { useLanguage } from "./language";

const texts: Record<"ko" | "en", ShopText> = { ko, en };

export function useText(): ShopText {
  return texts[useLanguage()];
}
