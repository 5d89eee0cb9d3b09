import { useText } from "../i18n/text";
import { countdown } from "../i18n/format";

// Digits that keep their places while they run. Not read aloud: whoever needs that is told the moment itself.
export function Countdown({ milliseconds }: { milliseconds: number }) {
  const t = useText();
  const { days, clock } = countdown(milliseconds);
  return (
    <span className="countdown" aria-hidden="true">
      {days > 0 && <span className="countdown-days">{t.sale.days(days)} </span>}
      {Array.from(clock, (digit, i) => (
        <span key={i} className={digit === ":" ? "colon" : "digit"}>{digit}</span>
      ))}
    </span>
  );
}
