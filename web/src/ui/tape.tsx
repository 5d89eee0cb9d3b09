// The shop's mark: stock as a strip of units. Solid: free; half: in checkout; hollow: sold.
import { memo } from "react";
import type { Stock } from "../api/client";
import { count } from "../i18n/format";
import { useText } from "../i18n/text";

const mostCells = 48;
const fewest = 12; // places of a strip: four units are four narrow ones, not a wide wall

export interface Cells {
  free: number;
  held: number;
  sold: number;
}

// What is there shows: a single unit of a thousand has a cell. The largest part gives and takes what does not come
// out even.
export function cellsOf(stock: Stock, cells = mostCells): Cells {
  const all = Math.min(Math.max(stock.total, 0), cells);
  const units = [stock.available, stock.held, stock.sold];
  const parts = units.map((each) => (each === 0 ? 0 : Math.max(1, Math.floor((each / stock.total) * all))));
  const largest = units.indexOf(Math.max(...units));
  parts[largest] = (parts[largest] ?? 0) + all - parts.reduce((sum, each) => sum + each, 0);
  const [free = 0, held = 0, sold = 0] = parts;
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
      viewBox={`0 0 ${Math.max(all, fewest) * 10} 40`}
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
