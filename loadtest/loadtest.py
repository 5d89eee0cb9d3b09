#!/usr/bin/env python3
"""The founding project's load scenarios: JMeter, run by Maven, against the shop beside a no-op nginx.

Starts the shop, makes buyers with tokens, puts a product up, sends JMeter, recounts the books, stops everything.
Exit 0 only when nothing but simulated payments failed and the books add up with what the buyers were told.

    loadtest/loadtest.py [BUYME] [--shape all-in-one|split|both] [--form corrected|founding|both] [--rounds 1]
                         [--scenarios 10000/5,10000/10,5000/15,5000/60] [--write loadtest/results.md]
    loadtest/loadtest.py --host shop.example --port 80 --tokens tokens.csv --admin-token admin.token

Forms: corrected is a user of its own per thread, stock below demand, answers looked at; founding is one user id and
stock without end, as the scenarios were run once (the shop trusts the user id: --auth trusted).
Reports: build/loadtest/.
"""
import argparse
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import jmeter
import others
import plot
import results
from servers import AllInOne, Failed, Given, NOOP, NOOP_COMMITTED, Noop, ROOT, Split
from bench import machine  # servers knows where

SCENARIOS = "10000/5,10000/10,5000/15,5000/60"
OUT = ROOT / "build/loadtest"
NO_END = 1_000_000_000
AUTH = {"corrected": "required", "founding": "trusted"}
# What a no-op says instead of the truth, and which requests must then be errors; who got no order sends no payment.
LIES = (('"userId":1,', '"userId":2,', ("create order",)),
        ('"orderStatus":"PAID"', '"orderStatus":"PENDING"', ("attempt payment",)),
        ('"held":1', '"held":2', ("check stock", results.BOOKS)))
TITLES = {"corrected": "Corrected: a user with a token per thread, {part:.0%} as many units as users",
          "founding": "As the founding project ran it: one user id, stock without end"}


def options_of(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("buyme", nargs="?", default=ROOT / "build/release/buyme", help="the program")
    parser.add_argument("--shape", choices=("all-in-one", "split", "both"), default="all-in-one")
    parser.add_argument("--form", choices=("corrected", "founding", "both"), default="corrected")
    parser.add_argument("--scenarios", default=SCENARIOS, help="USERS/SECONDS,... (%(default)s)")
    parser.add_argument("--exact-ramp", action="store_true", help="JMeter makes each thread when its time has come; "
                        "else all at once, and the ramp is rounded to whole milliseconds from one to the next")
    parser.add_argument("--rounds", type=int, default=1, help="each runs the no-op, then every shape")
    parser.add_argument("--stock", type=float, default=0.7, help="corrected form: units for each user (%(default)s)")
    parser.add_argument("--paid", type=float, default=0.8, help="share of payments that succeed (%(default)s)")
    parser.add_argument("--strategy", help="order.strategy of the shop")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="any setting of the shop")
    parser.add_argument("--host", help="a shop that runs already")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--tokens", help="of that shop: buyers, as `buyme admin tokens` writes them")
    parser.add_argument("--admin-token", help="and an admin's token, from there, too")
    parser.add_argument("--patience", type=int, default=0, metavar="SECONDS",
                        help="how long each run waits for a machine that does nothing else (%(default)s)")
    parser.add_argument("--write", metavar="FILE", help="keep the summary here, and its picture beside it")
    parser.add_argument("--smoke", action="store_true", help="50 users, every plan, and what a plan must notice")
    options = parser.parse_args(words)
    options.buyme = Path(options.buyme).resolve()
    if not (options.host or options.buyme.exists()):
        parser.error(f"there is no {options.buyme}: make build")
    settings = ["log.level=error", f"payment.success_rate={options.paid}", *options.set]
    if options.strategy:
        settings.append(f"order.strategy={options.strategy}")
    options.serve = [word for setting in settings for word in ("--set", setting)]
    if options.strategy == "none":
        options.serve.append("--i-want-to-oversell")
    options.scenarios = [tuple(map(int, pair.split("/"))) for pair in options.scenarios.split(",")]
    return options


def open_shops(options, form, folder):
    if options.host:
        return [Given(options.host, options.port, options.tokens, options.admin_token)]
    shapes = {"all-in-one": [AllInOne], "split": [Split], "both": [AllInOne, Split]}[options.shape]
    shops = []
    try:
        for shape in shapes:
            shops.append(shape(folder, options.buyme, AUTH[form], options.serve))
    except BaseException:
        stop(shops)
        raise
    return shops


def stop(servers):
    for server in servers:
        server.stop()


def one_run(options, folder, form, server, warm, users, ramp, dashboard):
    """The run and what is wrong with it, a line each. JMeter warms up at `warm`."""
    stock = int(users * options.stock) if form == "corrected" else NO_END
    more = {"exactRamp": str(options.exact_ramp).lower()}
    if form == "corrected":
        more["feed"] = server.feed(users)
        more["expected"] = NOOP_COMMITTED if server.name == NOOP else min(stock, users)
    product = server.put_up(stock)
    others.wait_for_quiet(options.patience)
    beside = others.Others()
    spent = others.Spent(server.process.pid) if server.process else None
    lines, report = jmeter.run(Path(folder, "maven"), form, server.url, warm.url, users, ramp, dashboard=dashboard,
                               product=product, **more)
    run = results.Run(lines, beside.share(), 1000 * spent.seconds() / users if spent else 0.0)
    wrong = []
    if run.requests["create order"].count != users:
        wrong.append(f"{run.requests['create order'].count} orders were tried, not {users}: JMeter ended early")
    if form == "corrected" and not run.looked_at_books:
        wrong.append("the plan did not look at the books at the end")
    if run.wrong:
        wrong.append(f"{len(run.wrong)} errors, the first: {run.first_wrong()}")
    if server.name != NOOP:
        wrong += books(server, product, run, min(stock, users))
    if dashboard and report.is_dir():
        kept = OUT / form / re.sub("[^a-z0-9.]+", "-", server.name) / f"{users}-in-{ramp}s"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(report, kept)
    return run, wrong


def books(server, product, run, expected):
    """The shop's books against what JMeter's users were told."""
    stock = server.stock(product)
    committed = stock["held"] + stock["sold"]
    if run.ordered != expected:
        yield f"{run.ordered} orders were placed, {expected} should have been"
    if committed != run.ordered:
        yield f"{committed} units are held or sold, {run.ordered} orders were answered"
    if stock["sold"] != run.paid:
        yield f"{stock['sold']} units are sold, {run.paid} payments were answered"
    if found := server.audit():
        yield "the books do not add up:\n" + found


def measure(options, form, folder):
    """{(users, ramp): {server: [run of each round]}}, and whether all was well."""
    part = options.stock if form == "corrected" else 1.0
    warm, *servers = [Noop(folder, min(part, 1.0), options.paid) for _ in range(1 if options.smoke else 2)]
    found, well = {}, True
    try:
        servers += open_shops(options, form, folder)
        for number in range(options.rounds):
            for users, ramp in options.scenarios:
                for server in servers:
                    run, wrong = one_run(options, folder, form, server, warm, users, ramp,
                                         number == options.rounds - 1 and not options.smoke)
                    orders = run.requests["create order"]
                    print(f"round {number + 1}/{options.rounds}  {form:9}  {users:6,} users in {ramp:2} s  "
                          f"{server.name:12} {orders.rate:7,.0f} orders/s  mean {orders.mean:7.1f} ms  p99 "
                          f"{orders.percentile(99):6,} ms  {run.ordered:6,} ordered {run.sold_out:6,} sold out "
                          f"{run.paid:6,} paid {run.declined:5,} declined"
                          + (f"  (others used {run.others:.0%} of the machine)" if run.others > others.QUIET else ""),
                          flush=True)
                    for line in wrong:
                        well = False
                        print(f"    WRONG: {line}", flush=True)
                    found.setdefault((users, ramp), {}).setdefault(server.name, []).append(run)
    finally:
        stop([*reversed(servers), warm])
    return found, well


def summary(options, measured, words):
    sections = []
    for form, found in measured.items():
        for number, ((users, ramp), runs) in enumerate(found.items()):
            title = TITLES[form].format(part=options.stock) + "\n\n" if number == 0 else ""
            sections.append((f"{users:,} users in {ramp} s, {form}", title + results.table(runs, NOOP)))
    made_by = shlex.join(["loadtest/loadtest.py", *words])
    return results.page(made_by, f"{machine()}, {options.rounds} rounds", sections)


def write_reports(options, measured, words):
    OUT.mkdir(parents=True, exist_ok=True)
    text = summary(options, measured, words)
    form = next(iter(measured))
    drawing = plot.draw(measured[form], NOOP)
    (OUT / "summary.md").write_text(text)
    (OUT / "summary.svg").write_text(drawing)
    if options.write:
        kept = ROOT / options.write
        kept.write_text(text)
        kept.with_suffix(".svg").write_text(drawing)
    print("\n" + text + f"\nDashboards: {OUT}/*/*/*/index.html; summary: {OUT}/summary.md, summary.svg")


def smoke(options, folder):
    """Every plan against a real shop, and the corrected one against answers that it must not take for good."""
    options.scenarios, options.rounds = [(50, 1)], 1
    well = all([measure(options, form, Path(tempfile.mkdtemp(dir=folder)))[1] for form in AUTH])
    for truth, lie, wrong in LIES:
        liar = Noop(folder, ordered=0.7, paid=0.7, lie=(truth, lie))
        try:
            run, _ = one_run(options, folder, "corrected", liar, liar, 50, 1, False)
        finally:
            liar.stop()
        for request, believed in run.believed().items():
            told = sum(row["label"] == request for row in run.wrong)
            if told != (believed if request in wrong else 0) or (request in wrong and not believed):
                well = False
                print(f"    WRONG: {told} of {believed} answers to {request} are errors where {lie} is said",
                      flush=True)
        print(f"{lie} instead of {truth}: {len(run.wrong)} errors, of {' and '.join(wrong)}", flush=True)
    return well


def main(words):
    options = options_of(words)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="buyme-loadtest-") as folder:
        try:
            jmeter.require(50 if options.smoke else max(users for users, _ in options.scenarios))
            if options.smoke:
                return 0 if smoke(options, Path(folder)) else 1
            measured, well = {}, True
            for form in ("corrected", "founding") if options.form == "both" else (options.form,):
                part = Path(folder, form)
                part.mkdir()
                measured[form], good = measure(options, form, part)
                well = well and good
            write_reports(options, measured, words)
            return 0 if well else 1
        except Failed as failed:
            print(f"loadtest: {failed}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
