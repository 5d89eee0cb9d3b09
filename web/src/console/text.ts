import { useLanguage } from "../i18n/language";
import { en, type ConsoleText } from "./text.en";
import { ko } from "./text.ko";

const texts: Record<"ko" | "en", ConsoleText> = { ko, en };

export function useConsoleText(): ConsoleText {
  return texts[useLanguage()];
}
