// The look of the HTML report. Everything inline: the page is one file that needs no network.
#pragma once

#include <string_view>

namespace buyme::drop {

inline constexpr std::string_view report_style = R"css(
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1c1b19; --soft: #6b6862; --line: #e6e3dd;
  --free: #d9d4ca; --held: #e2a33b; --sold: #20795a; --turned: #8d99ae; --clicks: #b3475a;

  --p50: #2f6fb3; --p99: #b3475a; --good: #20795a; --good-bg: #e3f2eb; --bad: #b3261e; --bad-bg: #fbe7e5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161513; --card: #1f1e1b; --ink: #eeebe5; --soft: #a09b91; --line: #34322d;
    --free: #45423b; --held: #d99a35; --sold: #3fa57e; --turned: #77839a; --clicks: #e07a8c;

  --p50: #6da8e6; --p99: #e07a8c; --good: #6fd0a6; --good-bg: #17352a; --bad: #ff8f85; --bad-bg: #45201d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
header { display: flex; justify-content: space-between; align-items: flex-start;
  gap: 24px; flex-wrap: wrap; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 6px; }
h2 { font-size: 16px; margin: 0; letter-spacing: -0.005em; }
p { margin: 0; color: var(--soft); }
.verdict { font-weight: 700; letter-spacing: 0.04em; padding: 10px 18px;
  border-radius: 999px; white-space: nowrap; }
.verdict.good { color: var(--good); background: var(--good-bg); }
.verdict.bad { color: var(--bad); background: var(--bad-bg); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin: 32px 0;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.figure { padding: 16px 16px 16px 0; }
.figure b { display: block; font-size: 26px; line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; }
.figure span { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 20px; min-width: 0; }
.card.wide { grid-column: 1 / -1; }
.card p { font-size: 13px; margin-bottom: 10px; }
.card + .card { margin: 0; }
section { margin-top: 20px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.grid { stroke: var(--line); stroke-width: 1; }
.tick, .marker-label { fill: var(--soft); font-size: 11px; }
.marker { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; opacity: 0.6; }
.marker-label { fill: var(--ink); font-weight: 600;
  paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.tip { fill: var(--ink); fill-opacity: 0; }
.tip:hover { fill-opacity: 0.07; }
path.free, i.free { fill: var(--free); background: var(--free); }
path.held, i.held { fill: var(--held); background: var(--held); }
path.sold, i.sold { fill: var(--sold); background: var(--sold); }
path.turned, i.turned { fill: var(--turned); background: var(--turned); }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
polyline.clicks { stroke: var(--clicks); stroke-dasharray: 5 3; } i.clicks { background: var(--clicks); }
polyline.p50 { stroke: var(--p50); } i.p50 { background: var(--p50); }
polyline.p99 { stroke: var(--p99); } i.p99 { background: var(--p99); }
rect.count { fill: var(--p50); }
rect.count:hover { opacity: 0.75; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px;
  font-size: 12.5px; color: var(--soft); margin-top: 8px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
table { border-collapse: collapse; width: 100%; margin-top: 8px; font-size: 14px; }
td { padding: 8px 12px 8px 0; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child td { border-top: 0; }
td.mark { width: 28px; font-weight: 700; }
td.detail { color: var(--soft); overflow-wrap: anywhere; }
.checks td:nth-child(2) { width: 40%; font-weight: 550; }
.pass .mark { color: var(--good); }
.fail .mark, .fail td { color: var(--bad); }
.pairs td:last-child { text-align: right; overflow-wrap: anywhere; }
.pairs td:first-child { color: var(--soft); }
footer { margin-top: 32px; color: var(--soft); font-size: 12.5px; }
@media (max-width: 760px) {
  .card.wide { overflow-x: auto; } .card.wide svg { min-width: 640px; }
  .charts { grid-template-columns: 1fr; } main { padding: 24px 16px 48px; } }
@media print { body { background: #fff; } .card { break-inside: avoid; } }
)css";

}  // namespace buyme::drop
