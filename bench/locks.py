#!/usr/bin/env python3
"""What each placement strategy costs: every strategy, contention, stock and database under the same load.

Rounds are interleaved (every strategy runs once per round, in another order each time) and a cell shows the median
of its rounds. The shop, wrk and the database share this machine. Every strategy starts on empty tables.

    bench/locks.py [--rounds 3] [--seconds 3] [--connections 64] [--only WORD,WORD] [--write]
    bench/locks.py --mysql HOST:PORT --mysql-user USER      (and MYSQL_PWD) adds a MySQL server that runs already

--write puts the results into docs/locks.md, its plots into docs/ and a page of both into build/locks.html; all that
was measured goes to build/locks.json. `bench/locks.py --read build/locks.json --write` writes them anew.
"""
import argparse
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import bench
import locks_report
import shared

STRATEGIES = ("group-commit", "optimistic", "pessimistic", "distributed", "none")
PRODUCTS = (1, 100)
PLENTY = 10_000_000
SCARCE = 1_000  # units in all
LUA = os.path.join(bench.ROOT, "bench/locks.lua")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process):
    with open(f"/proc/{process}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Sqlite:
    name, process, secrets = "SQLite", None, {}

    def __init__(self):
        self.data = None

    def settings(self, data):
        self.data = data
        return []

    def ask(self, query):
        with sqlite3.connect(f"file:{self.data}/order.sqlite?mode=ro", uri=True) as database:
            return [int(value or 0) for value in database.execute(query).fetchone()]

    def lock_waits(self):
        return 0

    def end(self):
        pass


class Server:
    """A MariaDB or MySQL server; each shop gets databases of its own there."""

    def __init__(self, name, host, port, user, password, process=None):
        self.name, self.host, self.port, self.user, self.password = name, host, port, user, password
        self.process, self.number, self.prefix = process, 0, None
        self.secrets = {"BUYME_DATABASE_PASSWORD": password}

    def settings(self, data):
        self.number += 1
        self.prefix = f"locks{self.number}"
        self.end()  # of a run that was cut off
        self.run("".join(f"CREATE DATABASE {self.prefix}_{service};" for service in shared.SERVICES))
        pairs = {"database.host": self.host, "database.port": self.port, "database.user": self.user,
                 "database.prefix": self.prefix}
        return [word for key, value in pairs.items() for word in ("--set", f"{key}={value}")]

    def run(self, statements):
        return subprocess.run(["mariadb", "--no-defaults", "-h", self.host, "-P", str(self.port), "-u", self.user, "-N",
                               "-B", "-e", statements], check=True, capture_output=True, text=True,
                              env=dict(os.environ, MYSQL_PWD=self.password)).stdout

    def ask(self, query):
        return [int(word) if word != "NULL" else 0 for word in self.run(f"USE {self.prefix}_order; {query}").split()]

    def lock_waits(self):
        return int(self.run("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'").split()[1])

    def end(self):
        self.run("".join(f"DROP DATABASE IF EXISTS {self.prefix}_{service};" for service in shared.SERVICES))


class Shop:
    def __init__(self, folder, database, strategy, redis_port):
        self.database = database
        self.data = tempfile.mkdtemp(prefix="shop-", dir=folder)
        words = [bench.BUYME, "serve", "--port", "0", "--data-dir", self.data, "--auth", "trusted"]
        settings = {"log.level": "error", "order.strategy": strategy, "order.hold_seconds": 86_400,
                    "redis.servers": f"127.0.0.1:{redis_port}"}
        words += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        words += database.settings(self.data) + (["--i-want-to-oversell"] if strategy == "none" else [])
        self.words = words
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **database.secrets))
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit("the shop did not start")
        self.url = line.split()[-1]

    def products(self, count, units):
        numbers = []
        for _ in range(count):
            body = {"productName": "locks", "productDescription": "locks", "productPrice": 1000, "productStock": units,
                    "productType": "NORMAL"}
            request = urllib.request.Request(self.url + "/api/products", json.dumps(body).encode(),
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                numbers.append(json.load(answer)["productId"])
        if numbers != list(range(numbers[0], numbers[0] + count)):
            sys.exit("the products' numbers do not follow each other")
        return numbers[0]

    def metrics(self):
        with urllib.request.urlopen(self.url + "/metrics") as answer:
            sums = {}
            for line in answer.read().decode().split("\n"):
                if line and not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    name = name.split("{")[0]
                    sums[name] = sums.get(name, 0) + float(value)
            return sums

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.database.end()
        shutil.rmtree(self.data, ignore_errors=True)


def measure(options, shop, redis, products, units, scarce):
    """One cell: a crowd of wrk's connections, and what it cost everybody."""
    first = shop.products(products, units)
    time.sleep(0.3)
    watched = {"shop": shop.process.pid, "database": shop.database.process, "redis": redis.pid}
    before = {name: cpu_seconds(process) for name, process in watched.items() if process}
    metrics, waits = shop.metrics(), shop.database.lock_waits()
    seconds = options.sell_out if scarce else options.seconds
    environment = dict(os.environ, FIRST=str(first), PRODUCTS=str(products),
                       SOLD_OUT=str(-(-options.connections * 4 // products) if scarce else 0))
    out = subprocess.run(["wrk", "-t1", f"-c{options.connections}", f"-d{seconds}s", "--timeout", "30s", "-s", LUA,
                          shop.url + "/api/orders"], env=environment, capture_output=True, text=True, check=True).stdout
    result = json.loads(out.strip().split("\n")[-1])
    cpu = {name: cpu_seconds(watched[name]) - value for name, value in before.items()}
    after, waited = shop.metrics(), shop.database.lock_waits() - waits
    range_ = f"product_id BETWEEN {first} AND {first + products - 1}"
    sold, begun, ended = shop.database.ask(
        f"SELECT COUNT(*), MIN(placed_at), MAX(placed_at) FROM orders WHERE order_id IN (SELECT order_id FROM "
        f"order_items WHERE {range_})")
    over, off = shop.database.ask(
        "SELECT SUM(CASE WHEN i.units > l.total THEN i.units - l.total ELSE 0 END), SUM(ABS(i.units - l.committed)) "
        f"FROM (SELECT product_id, SUM(quantity) AS units FROM order_items WHERE {range_} AND status = 1 "
        "GROUP BY product_id) i JOIN stock_ledger l ON l.product_id = i.product_id")
    if result["other"] or result["errors"] or sold < result["placed"]:
        sys.exit(f"answers that nobody expected, or orders that are not there: {result}, {sold} orders")

    def per_order(name):
        return (after.get(name, 0) - metrics.get(name, 0)) / max(1, sold)
    span = max(1, ended - begun) / 1e3 if scarce else result["seconds"]
    return {"rate": sold / span, "orders": sold, "busy": result["busy"], "p50": result["p50"], "p95": result["p95"],
            "p99": result["p99"], "retries": per_order("buyme_order_repeats_total"),
            "waits": waited / max(1, sold) + per_order("buyme_order_lock_waits_total"),
            "trips": per_order("buyme_order_round_trips_total"), "over": over, "off": off,
            "gave_up": after.get("buyme_order_gave_up_total", 0) - metrics.get("buyme_order_gave_up_total", 0),
            "sold_out": result["sold_out"] > 0,
            **{f"cpu_{name}": value * 1e6 / max(1, sold) for name, value in cpu.items()}}


def cells():
    return [(products, stock) for products in PRODUCTS for stock in ("plenty", "scarce")]


def run(options, databases, redis, redis_port, folder):
    wanted = [word for word in options.only.split(",") if word]
    plan = [(number, database, strategy) for number in range(options.rounds) for database in databases
            for strategy in STRATEGIES[number % 5:] + STRATEGIES[:number % 5]
            if not wanted or strategy in wanted or database.name.lower() in wanted]
    results, begun = {}, time.monotonic()
    for done, (number, database, strategy) in enumerate(plan):
        shop = Shop(folder, database, strategy, redis_port)
        try:
            for products, stock in cells():
                units = PLENTY if stock == "plenty" else SCARCE // products
                cell = measure(options, shop, redis, products, units, stock == "scarce")
                results.setdefault((database.name, strategy, products, stock), []).append(cell)
                print(f"{done + 1:3}/{len(plan)}  round {number + 1}  {database.name:8} {strategy:13} "
                      f"{products:3} product{'s' if products > 1 else ' '}  {stock:6}  {cell['rate']:9.0f} orders/s  "
                      f"p99 {cell['p99']:7.1f} ms  {cell['retries']:6.2f} retries  {cell['over']:5} oversold", flush=True)
        finally:
            shop.stop()
        spent = time.monotonic() - begun
        print(f"         {spent:.0f} s, {spent / (done + 1) * (len(plan) - done - 1):.0f} s to go", flush=True)
    return results


def medians(rounds):
    """Of every number the median; of what must never happen the most."""
    worst = ("over", "off", "busy", "gave_up")
    return {key: (max if key in worst else statistics.median)(cell.get(key, 0) for cell in rounds)
            for key in rounds[0]}


def judge(rows):
    """What must hold in every run: sentences of what does not."""
    wrong = []
    for row in rows:
        name = f"{row['database']}, {row['strategy']}, {row['products']} products, {row['stock']}"
        if row["strategy"] != "none" and (row["over"] or row["off"]):
            wrong.append(f"{name}: {row['over']} oversold, books off by {row['off']}")
        if row["strategy"] == "none" and not row["over" if row["stock"] == "scarce" else "off"]:
            wrong.append(f"{name}: no update was lost, so there was no contention")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of a cell whose stock is plenty")
    parser.add_argument("--sell-out", type=int, default=20, help="seconds that a scarce stock may take at most")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", default="", help="strategies and databases to run, between commas")
    parser.add_argument("--mysql", metavar="HOST:PORT")
    parser.add_argument("--mysql-user", default="root")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--read", metavar="FILE", help="instead of measuring")
    options = parser.parse_args()
    if options.read:
        with open(options.read) as file:
            kept = json.load(file)
    else:
        kept = measured(options)
    wrong = judge(kept["rows"])
    print("\n" + locks_report.table(kept["rows"]))
    print("\n".join(locks_report.facts(kept["rows"])))
    for sentence in wrong:
        print("WRONG: " + sentence)
    if options.write and not wrong:
        locks_report.write(kept)
    return 1 if wrong else 0


def measured(options):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped then, too
    folder = tempfile.mkdtemp(prefix="buyme-locks-")
    os.chmod(folder, 0o711)
    places = shared.Places(folder)
    try:
        places.settings()  # the environment's part
        mariadb, redis = places.processes
        databases = [Sqlite(), Server("MariaDB", "127.0.0.1", places.port, "buyme", places.password, mariadb.pid)]
        if options.mysql:
            host, port = options.mysql.rsplit(":", 1)
            databases.append(Server("MySQL", host, int(port), options.mysql_user, os.environ.get("MYSQL_PWD", "")))
        begun = time.monotonic()
        results = run(options, databases, redis, places.redis_port, folder)
        rows = [{"database": key[0], "strategy": key[1], "products": key[2], "stock": key[3], "scarce": SCARCE,
                 **medians(rounds)}
                for key, rounds in results.items()]
        rows.sort(key=lambda row: ([d.name for d in databases].index(row["database"]), row["products"], row["stock"],
                                   STRATEGIES.index(row["strategy"])))
        kept = {"machine": bench.machine(), "rounds": options.rounds, "seconds": options.seconds,
                "sell_out": options.sell_out,
                "connections": options.connections, "scarce": SCARCE, "took": time.monotonic() - begun, "rows": rows}
        os.makedirs(os.path.join(bench.ROOT, "build"), exist_ok=True)
        with open(os.path.join(bench.ROOT, "build/locks.json"), "w") as file:
            json.dump(kept, file, indent=1)
        return kept
    finally:
        places.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
