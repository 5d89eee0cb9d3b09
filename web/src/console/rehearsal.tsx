// A drop with made-up buyers, at the press of a button, and its verdict.
import { useState } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { count } from "../i18n/format";
import { usePage } from "../ui/hooks";
import { Button, Notice, Pending } from "../ui/parts";
import { Chart, type Series } from "./chart";
import { useConsoleText } from "./text";

type Rehearsal = Schemas["Rehearsal"];
type Told = NonNullable<Rehearsal["verdict"]>;

const most = 10_000;
const name = ["console", "rehearsal"];

const seconds = (value: number) => `${count(Math.round(value * 100) / 100)} s`;
const milliseconds = (told: Told, key: string) => `${count(Math.round(Number(told.place[key] ?? 0) / 1000))} ms`;

// What was answered in each stretch of the sale.
function series(told: Told, t: ReturnType<typeof useConsoleText>["rehearsal"]): Series[] {
  const points = (pick: (slice: Told["timeline"][number]) => number) => told.timeline.map((slice) => ({ at: slice.toS, value: pick(slice) }));
  return [
    { name: t.orders, tone: "held", points: points((slice) => slice.ordered) },
    { name: t.refused, tone: "soft", points: points((slice) => slice.soldOut) },
  ];
}

function Verdict({ rehearsal, told }: { rehearsal: Rehearsal; told: Told }) {
  const t = useConsoleText().rehearsal;
  const figures = [
    [t.sold, count(told.counts["ordered"] ?? 0)],
    [t.soldOut, count(told.counts["soldOut"] ?? 0)],
    [t.speed, seconds(told.sellSeconds)],
    [t.p50, milliseconds(told, "p50Us")],
    [t.p99, milliseconds(told, "p99Us")],
    [t.perSecond, count(Math.round(told.answersPerSecond))],
  ] as const;
  const last = told.timeline.at(-1)?.toS ?? 1;
  const all = series(told, t).map((each) => {
    // The figure beside a name is the sum, not the last stretch.
    const sum = each.points.reduce((n, point) => n + (point.value ?? 0), 0);
    return { ...each, name: `${each.name} (${count(sum)})` };
  });
  return (
    <>
      <div className={`verdict ${told.passed ? "verdict-good" : "verdict-bad"}`} role="status">
        <h2>{told.passed ? t.passed : t.failed}</h2>
        <p>{t.of(count(rehearsal.buyers ?? 0), count(rehearsal.stock ?? 0))}</p>
      </div>
      <div className="figures">
        {figures.map(([label, value]) => <div key={label} className="figure"><b>{value}</b><span>{label}</span></div>)}
      </div>
      <Chart title={t.clicks} from={0} to={last} series={all} ends={["0 s", seconds(last)]} figures={false} />
      <section>
        <h2>{t.checks}</h2>
        <ul className="checks">
          {told.checks.map((check) => (
            <li key={check.name}>
              <span className={check.passed ? "tick" : "cross"} role="img" aria-label={check.passed ? "OK" : "!"}>{check.passed ? "✓" : "✗"}</span>
              <span lang="en">{check.name} <small>{check.detail}</small></span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

export function RehearsalPage() {
  const t = useConsoleText().rehearsal;
  const heading = usePage(t.title);
  const queries = useQueryClient();
  const [crowd, setCrowd] = useState({ buyers: 1000, stock: 70 });
  const rehearsal = useQuery({
    queryKey: name,
    queryFn: ({ signal }) => answered(api.GET("/api/admin/rehearsals", { signal })),
    refetchInterval: (query) => (query.state.data?.state === "RUNNING" ? 700 : false),
  });
  const begin = useMutation({
    mutationFn: () => answered(api.POST("/api/admin/rehearsals", { body: crowd })),
    onSuccess: (begun) => queries.setQueryData(name, begun),
    onSettled: () => queries.invalidateQueries({ queryKey: name }),
  });
  const running = rehearsal.data?.state === "RUNNING" || begin.isPending;
  const absent = rehearsal.error instanceof Problem && rehearsal.error.status === 404;
  const number = (value: string) => Math.min(most, Math.max(1, Math.floor(Number(value)) || 1));
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
      <p>{t.text}</p>
      {absent ? <Notice>{t.absent}</Notice> : <Pending query={rehearsal} />}
      {rehearsal.data && (
        <form className="form form-wide" onSubmit={(event) => { event.preventDefault(); if (!running) begin.mutate(); }}>
          <div className="numbers">
            <label className="field"><span>{t.buyers}</span><input type="number" min={1} max={most} value={crowd.buyers} onChange={(event) => setCrowd({ ...crowd, buyers: number(event.target.value) })} /></label>
            <label className="field"><span>{t.stock}</span><input type="number" min={1} max={most} value={crowd.stock} onChange={(event) => setCrowd({ ...crowd, stock: number(event.target.value) })} /></label>
          </div>
          <p><Button type="submit" look="strong" busy={running}>{running ? t.running : t.start}</Button></p>
        </form>
      )}
      {begin.error && <Notice tone="bad">{begin.error.message}</Notice>}
      {rehearsal.data?.state === "FAILED" && <Notice tone="bad"><strong>{t.broken}</strong> {rehearsal.data.detail}</Notice>}
      {!running && rehearsal.data?.verdict && <Verdict rehearsal={rehearsal.data} told={rehearsal.data.verdict} />}
    </>
  );
}
