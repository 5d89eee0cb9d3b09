// The shop's mark: stock as a strip of units. Solid: free; half: in checkout; hollow: sold.
import { memo } from "react";
import type { Stock } from "../api/client";
import { count } from "../i18n/format";
import { useText } from "../i18n/text";

const mostCells = 48;

export interface Cells {
  free: number;
  held: number;
  sold: number;
}

// What is there shows: a single unit of a thousand has a cell, and a strip is solid only when nothing is sold.
export function cellsOf(stock: Stock, cells = mostCells): Cells {
  const total = Math.max(stock.total, 0);
  const all = Math.min(total, cells);
  if (all === 0) return { free: 0, held: 0, sold: 0 };
  const part = (units: number) => (units === 0 ? 0 : Math.max(1, Math.round((units / total) * all)));
  const sold = Math.min(part(stock.sold), all);
  const held = Math.min(part(stock.held), all - sold);
  let free = all - sold - held;
  if (stock.available === 0) return { free: 0, held: all - sold, sold };
  if (free === 0) {
    free = 1;
    return sold > held ? { free, held, sold: sold - 1 } : { free, held: held - 1, sold };
  }
  return { free, held, sold };
}

export const Tape = memo(function Tape({ stock, large = false }: { stock: Stock; large?: boolean }) {
  const t = useText();
  const { free, held, sold } = cellsOf(stock);
  const all = free + held + sold;
  const label = t.sale.tape(count(stock.available), count(stock.held), count(stock.sold));
  return (
    <svg
      className={large ? "tape tape-large" : "tape"}
      viewBox={`0 0 ${Math.max(all, 1) * 10} 40`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {Array.from({ length: all }, (_, i) => {
        const kind = i < free ? "free" : i < free + held ? "held" : "sold";
        return <rect key={i} className={`cell-${kind}`} x={i * 10 + 1} width={8} y={kind === "held" ? 18 : 1} height={kind === "held" ? 21 : 38} />;
      })}
    </svg>
  );
});
