"""What JMeter wrote down, read: rates, latencies and what is an error; and the summary in Markdown."""
import csv
import statistics

REQUESTS = ("create order", "attempt payment", "check stock")
BOOKS = "the books at the end"
SHARES = (50, 95, 99)


class Request:
    """One of the three in one run: milliseconds from the send to the last byte of the answer, with connecting."""

    def __init__(self, rows):
        sent = [int(row["timeStamp"]) for row in rows]
        self.count = len(rows)
        self.elapsed = sorted(int(row["elapsed"]) for row in rows)
        self.start = min(sent, default=0)
        self.ends = sorted(start + int(row["elapsed"]) for start, row in zip(sent, rows))
        seconds = (self.ends[-1] - self.start) / 1000 if rows else 0
        self.rate = self.count / max(seconds, 0.001)
        self.mean = statistics.fmean(self.elapsed) if rows else 0.0

    def percentile(self, share):
        """The nearest rank."""
        return self.elapsed[max(0, -(-share * self.count // 100) - 1)] if self.count else 0


class Run:
    """All requests of one run, and how they ended."""

    def __init__(self, path, others, server_ms):
        """others: what they used of the processors meanwhile, 0 to 1. server_ms: processor time of the server, its
        databases and gateway for each user; 0 when they are not ours to look at."""
        self.others, self.server_ms = others, server_ms
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        # the plan gives an expected refusal a name of its own: "create order: sold out"
        self.requests = {name: Request([row for row in rows if row["label"].split(":")[0] == name])
                         for name in REQUESTS}
        self.ordered = count(rows, "create order", "201")
        self.sold_out = count(rows, "create order: sold out", "409")
        self.paid = count(rows, "attempt payment", "200")
        self.looked_at_books = count(rows, BOOKS, "200") == 1
        # founding.jmx calls a declined payment an error, as it was called then: told apart here
        self.declined = count(rows, "attempt payment", "402") + count(rows, "attempt payment: declined", "402")
        self.wrong = [row for row in rows if row["success"] != "true"
                      and not (row["label"] == "attempt payment" and row["responseCode"] == "402")]

    def believed(self):
        """How many answers there were that say that all went well, by request."""
        return {"create order": self.ordered, "attempt payment": self.paid, BOOKS: int(self.looked_at_books),
                "check stock": self.requests["check stock"].count}

    def first_wrong(self):
        row = self.wrong[0]
        return f"{row['label']}: {row['responseCode']} {row['responseMessage']} {row['failureMessage']}".strip()


def count(rows, label, status):
    return sum(row["label"] == label and row["responseCode"] == status for row in rows)


def median(runs, value):
    return statistics.median(value(run) for run in runs)


def line_of(name, runs, base):
    """A row of the table. `runs` and `base` are the rounds of one server and of the no-op beside it."""
    def orders(run):
        return run.requests["create order"].rate
    ratios = [orders(run) / orders(beside) for run, beside in zip(runs, base)]
    cells = [name, f"{median(runs, orders):,.0f}", f"**{statistics.median(ratios):.2f}**",
             f"{min(ratios):.2f} to {max(ratios):.2f}"]
    for request in REQUESTS:
        mean = median(runs, lambda run: run.requests[request].mean)
        shares = " / ".join(f"{median(runs, lambda run: run.requests[request].percentile(share)):,.0f}"
                            for share in SHARES)
        cells.append(f"{mean:,.1f}; {shares}")
    last = runs[-1]
    cells.append(f"{last.ordered:,} / {last.sold_out:,} / {last.paid:,} / {last.declined:,}")
    cells.append(f"{sum(len(run.wrong) for run in runs):,}")
    cells.append(f"{median(runs, lambda run: run.server_ms):.2f}")
    cells.append(f"{max(run.others for run in runs):.0%}")
    return "| " + " | ".join(cells) + " |"


HEAD = ("| server | order requests/s | of the no-op (median) | min to max | create order ms: mean; p50 / p95 / p99 "
        "| attempt payment | check stock | ordered / sold out / paid / declined | errors "
        "| server CPU ms per user | others |\n" + "|---" * 11 + "|")


def table(results, noop):
    """results: server name -> rounds, for one scenario."""
    return "\n".join([HEAD, *(line_of(name, runs, results[noop]) for name, runs in results.items())]) + "\n"


def page(made_by, machine, sections):
    """sections: (title, text)."""
    lines = [
        "# JMeter scenarios\n",
        f"Made by `{made_by}` on {machine}; JMeter 5.6.3, the no-op, the shop and its databases on the\nsame machine.\n",
        "Each user is a thread of JMeter with a connection of its own: create order, attempt payment, check stock. An",
        "order that was answered 201 is on disk. The no-op is an nginx that answers the same plan with fixed bodies in",
        "the same round: what it reaches is what JMeter can send; before each run as many threads buy at a second no-op,",
        "so that JMeter's code is compiled. Rates are answers to `create order` per second, sold out included, from the",
        "first request to the last answer; rates, ratios, means and percentiles are medians over the rounds. Errors are",
        "those of all rounds; a declined (simulated) payment is none. Server CPU: processor time of the server with its",
        "databases and gateway. Others: what other programs used of the processors meanwhile, in the worst round.\n"]
    for title, text in sections:
        lines += [f"## {title}\n", text]
    return "\n".join(lines)
