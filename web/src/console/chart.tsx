// Lines over the last two minutes, or stacked areas: drawn as SVG, with the newest values beside the names, so that
// nobody has to tell lines apart by colour.
import { count } from "../i18n/format";

export interface Series {
  name: string;
  tone: "free" | "held" | "sold" | "bad" | "soft";
  points: { at: number; value: number | null }[];
}

interface Props {
  title: string;
  series: Series[];
  from: number;
  to: number;
  stacked?: boolean;
  most?: number; // the top of the scale; else the largest value
  unit?: string;
  ends?: [string, string];
  figures?: boolean; // the newest value beside each name
}

const width = 600;
const height = 150;

export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const step = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * step).find((top) => top >= value) ?? value;
}

// Gaps where a value is missing.
export function pathOf(points: { x: number; y: number | null }[]): string {
  let path = "";
  let pen = false;
  for (const { x, y } of points) {
    if (y === null) {
      pen = false;
      continue;
    }
    path += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  }
  return path;
}

export function Chart({ title, series, from, to, stacked = false, most, unit = "", ends, figures = true }: Props) {
  const x = (at: number) => ((at - from) / Math.max(to - from, 1)) * width;
  const values = series.flatMap((each) => each.points.map((point) => point.value ?? 0));
  const top = most ?? niceTop(Math.max(...values, 0));
  const y = (value: number) => height - (Math.min(value, top) / top) * (height - 4);
  const newest = (each: Series) => each.points.at(-1)?.value ?? null;
  const below = (index: number, point: number) => series.slice(0, index).reduce((sum, each) => sum + (each.points[point]?.value ?? 0), 0);
  const number = (value: number | null) => (value === null ? "–" : `${count(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))}${unit}`);
  return (
    <figure className="chart">
      <figcaption>
        <h2>{title}</h2>
        <ul>
          {series.map((each) => (
            <li key={each.name}><i className={`swatch tone-${each.tone}`} aria-hidden="true" />{each.name}{figures && <b>{number(newest(each))}</b>}</li>
          ))}
        </ul>
      </figcaption>
      <div className="chart-box">
        <span className="chart-top" aria-hidden="true">{number(top)}</span>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${series.map((s) => `${s.name}${figures ? ` ${number(newest(s))}` : ""}`).join(", ")}`}>
          <path className="chart-grid" d={`M0 ${height / 2}H${width}M0 2H${width}M0 ${height - 1}H${width}`} />
          {series.map((each, index) => {
            const line = each.points.map((point, i) => ({ x: x(point.at), y: point.value === null ? null : y(point.value + (stacked ? below(index, i) : 0)) }));
            if (!stacked) return <path key={each.name} className={`line line-${each.tone}`} d={pathOf(line)} />;
            const floor = each.points.map((point, i) => ({ x: x(point.at), y: y(below(index, i)) })).reverse();
            return line.length > 1 && <path key={each.name} className={`area area-${each.tone}`} d={`${pathOf(line)}${pathOf(floor).replace(/^M/, "L")}Z`} />;
          })}
        </svg>
      </div>
      {ends && <p className="chart-ends" aria-hidden="true"><span>{ends[0]}</span><span>{ends[1]}</span></p>}
    </figure>
  );
}
