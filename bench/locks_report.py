"""The results of bench/locks.py as a table (docs/locks.md), as plots (docs/*.svg) and as a page of both."""
import html
import io
import os
import re

import bench

COLOURS = {"group-commit": "#1b7f5c", "optimistic": "#3b6fb6", "pessimistic": "#8a5fb3", "distributed": "#d0782a",
           "none": "#9aa0a6"}
DOCUMENT = os.path.join(bench.ROOT, "docs/locks.md")
BEGIN, END = "<!-- measured: bench/locks.py writes what follows -->", "<!-- end of what is measured -->"
COLUMNS = (
    ("strategy", lambda row: row["strategy"]),
    ("orders/s", lambda row: f"{row['rate']:,.0f}"),
    ("p50 ms", lambda row: f"{row['p50']:,.1f}"),
    ("p95 ms", lambda row: f"{row['p95']:,.1f}"),
    ("p99 ms", lambda row: f"{row['p99']:,.1f}"),
    ("503", lambda row: f"{row['busy']:,.0f}"),
    ("repeats per order", lambda row: f"{row['retries']:.2f}"),
    ("lock waits per order", lambda row: f"{row['waits']:.2f}"),
    ("round trips per order", lambda row: f"{row['trips']:.2f}" if row["trips"] else "-"),
    ("CPU µs per order: shop", lambda row: f"{row['cpu_shop']:,.0f}"),
    ("database", lambda row: f"{row['cpu_database']:,.0f}" if row.get("cpu_database") else "-"),
    ("Redis", lambda row: f"{row['cpu_redis']:,.0f}" if row["cpu_redis"] >= 0.5 else "-"),
    ("oversold", lambda row: f"{row['over']:,.0f}"),
    ("books off by", lambda row: f"{row['off']:,.0f}"),
)


def groups(rows):
    """(title, rows) for each database, contention and stock, in the order of the rows."""
    found = {}
    for row in rows:
        products = "1 product" if row["products"] == 1 else f"{row['products']} products"
        found.setdefault(f"{row['database']}, {products}, stock {row['stock']}", []).append(row)
    return list(found.items())


def table(rows):
    lines = []
    for title, members in groups(rows):
        lines += [f"**{title}**", "", "| " + " | ".join(name for name, _ in COLUMNS) + " |",
                  "|" + "---|" * len(COLUMNS)]
        lines += ["| " + " | ".join(show(row) for _, show in COLUMNS) + " |" for row in members]
        lines.append("")
    return "\n".join(lines)


def processor_time(row):
    """Of all who work for an order; None where the database's is not known."""
    if "cpu_database" not in row and row["database"] != "SQLite":
        return None
    return row["cpu_shop"] + row.get("cpu_database", 0) + row["cpu_redis"]


def short(number):
    return f"{number / 1000:.1f}k" if number >= 1000 else f"{number:.0f}"


def plot(rows, value, label, logarithmic, width=9.0):
    """Grouped bars, as the text of an SVG: one group per database and contention, stock plenty."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "locks", "font.family": "sans-serif", "font.size": 10})
    from matplotlib import pyplot
    members = [(title.rsplit(",", 1)[0], found) for title, found in groups(rows)
               if title.endswith("plenty") and value(found[0]) is not None]
    figure, axes = pyplot.subplots(figsize=(width, 3.6))
    for number, (strategy, colour) in enumerate(COLOURS.items()):
        heights = [next((value(row) for row in found if row["strategy"] == strategy), 0) for _, found in members]
        places = [group + (number - 2) * 0.16 for group in range(len(members))]
        bars = axes.bar(places, heights, 0.15, color=colour, label=strategy)
        axes.bar_label(bars, labels=[short(height) for height in heights], fontsize=7, padding=1)
    if logarithmic:
        axes.set_yscale("log")
    axes.set_xticks(range(len(members)), [title.replace(", ", "\n") for title, _ in members])
    axes.set_ylabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(ncols=5, loc="upper center", bbox_to_anchor=(0.5, 1.16), frameon=False, fontsize=9)
    figure.tight_layout()
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
    pyplot.close(figure)
    return re.sub(r"[ \t]+$", "", text.getvalue(), flags=re.M)


PLOTS = (
    ("locks-rate.svg", "Orders per second (logarithmic), stock plenty", lambda row: row["rate"], "orders per second",
     True),
    ("locks-latency.svg", "How long the slowest hundredth waits (logarithmic), stock plenty", lambda row: row["p99"],
     "p99, ms", True),
    ("locks-cpu.svg", "Processor time of shop, database and Redis per order, stock plenty",
     processor_time, "µs per order", True),
)


def compared(one, other):
    ratio = one["rate"] / max(1e-9, other["rate"])
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.2f} times"


def facts(rows):
    """What the bars ask for and what docs/locks.md reads, in sentences."""
    cell = {(row["database"], row["strategy"], row["products"], row["stock"]): row for row in rows}
    found = []
    for database in dict.fromkeys(row["database"] for row in rows):
        for products, crowd in ((1, "one hot product"), (100, "100 products")):
            strategies = ("group-commit", "optimistic", "pessimistic", "distributed")
            batch, version, locked, remote = (cell.get((database, name, products, "plenty")) for name in strategies)
            if not (batch and version and locked and remote):
                continue
            found.append(f"{database}, {crowd}: group commit places {compared(batch, version)} the orders per second of "
                         f"optimistic and {compared(batch, locked)} those of pessimistic; distributed places "
                         f"{compared(remote, locked)} those of pessimistic. Per order optimistic repeats "
                         f"{version['retries']:.2f} times, and distributed waits for {remote['waits']:.2f} locks.")
    guarded = [row for row in rows if row["strategy"] != "none"]
    found.append(f"Oversold by the strategies with a guard, all cells and rounds: {sum(row['over'] for row in guarded):.0f} "
                 f"units; their books are off by {sum(row['off'] for row in guarded):.0f}.")
    for row in rows:
        if row["strategy"] != "none":
            continue
        where = f"{row['database']}, {row['products']} product{'s' if row['products'] > 1 else ''}, stock {row['stock']}"
        total = f" of {row['scarce']:,}" if row["stock"] == "scarce" else ""
        found.append(f"none, {where}: {row['over']:,.0f} units{total} oversold, books off by {row['off']:,.0f} (worst "
                     "round).")
    return found


def how(kept):
    mysql = " --mysql HOST:PORT" if any(row["database"] == "MySQL" for row in kept["rows"]) else ""
    return (f"Made by `make locks LOCKS=\"--rounds {kept['rounds']} --seconds {kept['seconds']} --sell-out "
            f"{kept['sell_out']}{mysql}\"` on {kept['machine']}; "
            f"{kept['rounds']} interleaved rounds, medians; wrk with "
            f"{kept['connections']} connections, every order of another user; {kept['seconds']} s where the stock is "
            f"plenty, {kept['scarce']:,} units where it is scarce; {kept['took'] / 60:.0f} minutes in all.")


def page(kept, plots):
    pictures = "\n".join(f"<h2>{html.escape(title)}</h2>\n{text[text.index('<svg'):]}" for title, text in plots)
    tables = []
    for title, members in groups(kept["rows"]):
        head = "".join(f"<th>{html.escape(name)}</th>" for name, _ in COLUMNS)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(show(row))}</td>" for _, show in COLUMNS) + "</tr>"
                       for row in members)
        tables.append(f"<h3>{html.escape(title)}</h3><table><tr>{head}</tr>{body}</table>")
    return ("<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>Which lock, and what it costs</title><style>"
            "body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#222}"
            "table{border-collapse:collapse;font-size:13px}td,th{border:1px solid #ddd;padding:3px 7px;text-align:right}"
            "td:first-child,th:first-child{text-align:left}th{background:#f4f4f4}svg{max-width:100%;height:auto}"
            "</style><h1>Which lock, and what it costs</h1>"
            f"<p>{html.escape(how(kept))}</p><ul>"
            + "".join(f"<li>{html.escape(sentence)}</li>" for sentence in facts(kept["rows"])) + f"</ul>\n{pictures}\n{''.join(tables)}</html>\n")


def write(kept):
    plots = []
    for name, title, value, label, logarithmic in PLOTS:
        text = plot(kept["rows"], value, label, logarithmic)
        plots.append((title, text))
        with open(os.path.join(bench.ROOT, "docs", name), "w") as file:
            file.write(text)
    with open(os.path.join(bench.ROOT, "build/locks.html"), "w") as file:
        file.write(page(kept, plots))
    with open(DOCUMENT) as file:
        text = file.read()
    before, behind = text.split(BEGIN)[0], text.split(END)[1]
    with open(DOCUMENT, "w") as file:
        sentences = "".join(f"- {sentence}\n" for sentence in facts(kept["rows"]))
        file.write(f"{before}{BEGIN}\n\n{how(kept)}\n\n{sentences}\n{table(kept['rows'])}\n{END}{behind}")
    print("written: docs/locks.md, docs/locks-*.svg; build/locks.html opens in a browser")
