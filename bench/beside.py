#!/usr/bin/env python3
"""What others cost the buyers: the same load with and without company, in pairs within one run.

Listeners: orders per second while so many connections listen to the product's live stock.
Lists: a drop on a shop of so many orders while admins page and filter through all of them; from a buyer's intended
click to the answer.

Everything runs on one machine, the company's clients too: what they need of the processor is counted against the shop.

    bench/beside.py [--rounds 5] [--listeners 2000] [--lists 20] [--orders 100000] [--write bench/beside.md]
"""
import argparse
import http.client
import json
import os
import random
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from bench import BUYME, ROOT, Shop, machine, wrk


def listen(url, product, count):
    """Holds `count` listeners until SIGTERM, then says how many events they were told."""
    address = urllib.parse.urlsplit(url)
    request = f"GET /api/products/{product}/stock/stream HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    poller, sockets = select.epoll(), {}
    for _ in range(count):
        connection = socket.create_connection((address.hostname, address.port))
        connection.sendall(request)
        poller.register(connection, select.EPOLLIN)
        sockets[connection.fileno()] = connection
    events, ending = 0, []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    print("ready", flush=True)
    while not ending:
        for number, _ in poller.poll(0.1):
            text = sockets[number].recv(65536)
            if not text:
                sys.exit("the shop dropped a listener")
            events += text.count(b"event: stock")
    print(events, flush=True)


def page_through(url, count):
    """`count` admins who list orders, page by page and filtered, until SIGTERM; then how many pages."""
    address = urllib.parse.urlsplit(url)
    pages, ending = [0] * count, threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())

    def work(number):
        connection = http.client.HTTPConnection(address.hostname, address.port)
        choices = ["", "&status=PENDING", "&status=PAID", "&status=CANCELED"]
        cursor, chosen = "", random.choice(choices)
        while not ending.is_set():
            connection.request("GET", f"/api/orders?limit=100{chosen}{cursor}")
            answer = connection.getresponse()
            page = json.loads(answer.read())
            if answer.status not in (200, 503):
                sys.exit(f"a list was answered {answer.status}: {page}")
            pages[number] += answer.status == 200
            if "nextCursor" in page and random.random() < 0.95:
                cursor = "&cursor=" + page["nextCursor"]
            else:
                cursor, chosen = "", random.choice(choices)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    ending.wait()
    print(sum(pages), flush=True)
    os._exit(0)


class Company:
    """One of the above as a process."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), *map(str, arguments)],
                                        stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            sys.exit("the company did not come")

    def leave(self):
        self.process.terminate()
        said = self.process.communicate()[0]
        if not said.strip():
            sys.exit("the company left early")
        return int(said)


def orders_per_second(options, folder, listeners):
    shop = Shop(folder, "trusted", "--set", "server.max_connections=12000")
    try:
        product = shop.product(1_000_000_000)
        company = Company("listen", shop.url, product, listeners) if listeners else None
        result = wrk(options, shop.url, PRODUCT=product, USERS="distinct", EXPECT=201)
        return result["rate"], company.leave() / options.seconds if company else 0
    finally:
        shop.stop()


def fill(shop, options):
    product = shop.product(options.orders)
    while json.load(urllib.request.urlopen(f"{shop.url}/api/products/{product}/stock"))["available"] > 0:
        wrk(argparse.Namespace(connections=256, seconds=1), shop.url, PRODUCT=product, USERS="distinct", EXPECT=201)


def drop_p99(options, shop, folder, lists):
    company = Company("lists", shop.url, lists) if lists else None
    report = os.path.join(folder, "drop.json")
    began = time.monotonic()
    subprocess.run([BUYME, "drop", "--url", shop.url, "--trusted", "--buyers", "10000", "--stock", "700", "--connections", "2000",
                    "--arrival", "ramp:5", "--json", report], check=True, stdout=subprocess.DEVNULL)
    pages = company.leave() / (time.monotonic() - began) if company else 0
    latency = json.load(open(report))["place"]
    return latency["p99Us"] / 1000, pages


def pairs(options, name, unit, measure):
    alone, beside, ratios, told = [], [], [], []
    for number in range(options.rounds):
        first, _ = measure(False)
        second, company = measure(True)
        alone.append(first)
        beside.append(second)
        ratios.append(second / first)
        told.append(company)
        print(f"round {number + 1}/{options.rounds}  {name}: {first:,.1f} {unit} alone, {second:,.1f} beside, "
              f"ratio {second / first:.2f}", flush=True)
    median = statistics.median
    return (f"| {name} | {median(alone):,.1f} {unit} | {median(beside):,.1f} {unit} | **{median(ratios):.2f}** | "
            f"{min(ratios):.2f} to {max(ratios):.2f} | {median(told):,.0f} |\n")


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "listen":
        return listen(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    if len(sys.argv) > 1 and sys.argv[1] == "lists":
        return page_through(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--listeners", type=int, default=2000)
    parser.add_argument("--lists", type=int, default=20)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--write", metavar="FILE")
    options = parser.parse_args()

    folder = tempfile.mkdtemp(prefix="buyme-bench-")
    table = ("| buyers | alone | beside them | ratio (median) | min to max | events or pages per second |\n"
             "|---|---|---|---|---|---|\n")
    try:
        table += pairs(options, f"orders, {options.listeners:,} listeners", "per second",
                       lambda company: orders_per_second(options, folder, options.listeners if company else 0))
        shop = Shop(folder, "trusted")
        try:
            fill(shop, options)
            table += pairs(options, f"p99 of a drop over {options.orders:,} orders, {options.lists} admin lists", "ms",
                           lambda company: drop_p99(options, shop, folder, options.lists if company else 0))
        finally:
            shop.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + table)
    if options.write:
        with open(os.path.join(ROOT, options.write), "w") as file:
            file.write(f"# Buyers beside others\n\nMade by `bench/beside.py {' '.join(sys.argv[1:])}` on {machine()}, "
                       f"{options.rounds} pairs of each, the company's clients on the same machine.\n\n" + table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
