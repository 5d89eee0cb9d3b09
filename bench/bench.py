#!/usr/bin/env python3
"""Orders and sold-out answers per second beside a no-op nginx, under the same client in the same run.

Absolute figures do not travel between machines, ratios do: each round runs every case once, nginx first, and a
case's ratio is the median over the rounds of its rate divided by the nginx rate of the same round.

    bench/bench.py [--rounds 5] [--seconds 4] [--connections 256] [--write bench/results.md]
"""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUYME = os.path.join(ROOT, "build/release/buyme")
LUA = os.path.join(ROOT, "bench/order.lua")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """`return 200` for everything, with the shape of an order's answer in size."""

    def __init__(self, folder):
        self.port = free_port()
        body = "x" * 240
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w") as conf:
            conf.write(
                f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;\n"
                "events { worker_connections 16384; }\n"
                "http { access_log off; keepalive_requests 1000000000; default_type application/json;\n"
                f"  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
                f"  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
                f"  server {{ listen 127.0.0.1:{self.port} backlog=8192; return 200 '{body}'; }} }}\n")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([nginx, "-c", path, "-p", folder], stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        wait_for(self.port)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Shop:
    def __init__(self, folder, auth, *more):
        self.data = os.path.join(folder, f"shop-{auth}-{free_port()}")
        self.process = subprocess.Popen(
            [BUYME, "serve", "--port", "0", "--data-dir", self.data, "--auth", auth, "--set", "log.level=warn", *more],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit("the shop did not start")
        self.url = line.split()[-1]

    def admin_tokens(self, count):
        csv, admin = os.path.join(self.data, "tokens.csv"), os.path.join(self.data, "admin.token")
        subprocess.run([BUYME, "admin", "tokens", "--data-dir", self.data, "--count", str(count), "--csv", csv,
                        "--admin-token", admin], check=True, stdout=subprocess.DEVNULL)
        return csv, open(admin).readline().strip()

    def product(self, stock, limit=None, token=None):
        body = {"productName": "bench", "productDescription": "bench", "productPrice": 1000, "productStock": stock,
                "productType": "NORMAL"}
        if limit:
            body["perUserLimit"] = limit
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        request = urllib.request.Request(self.url + "/api/products", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["productId"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)


def wait_for(port):
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("a server did not start")


def wrk(options, url, **env):
    """Requests per second and p50/p99 in milliseconds; the statuses that came back are counted by the script."""
    environment = dict(os.environ, **{key: str(value) for key, value in env.items()})
    out = subprocess.run(["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", "-s", LUA,
                          url + "/api/orders"], env=environment, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    latency = {}
    for share in ("50%", "99%"):
        value, scale = re.search(share + r"\s+([\d.]+)(us|ms|s)", out).groups()
        latency[share] = float(value) * unit[scale]
    wrong = int(re.search(r"unexpected: (\d+)", out).group(1))
    errors = re.search(r"Socket errors: (.*)", out)
    return {"rate": rate, "p50": latency["50%"], "p99": latency["99%"], "wrong": wrong,
            "errors": errors.group(1) if errors else ""}


def shop_case(options, folder, auth, stock, expect, limit=None, users="distinct"):
    shop = Shop(folder, auth)
    try:
        env, token = {}, None
        if auth == "required":
            env["TOKENS"], token = shop.admin_tokens(10_000)
        env.update(PRODUCT=shop.product(stock, limit, token), USERS=users, EXPECT=expect)
        time.sleep(0.3)
        return wrk(options, shop.url, **env)
    finally:
        shop.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--only", default="", help="substring of the cases to run")
    parser.add_argument("--write", metavar="FILE")
    options = parser.parse_args()

    folder = tempfile.mkdtemp(prefix="buyme-bench-")
    many = 1_000_000_000
    cases = {
        "orders, distinct users": lambda: shop_case(options, folder, "trusted", many, 201),
        "orders, one user": lambda: shop_case(options, folder, "trusted", many, 201, users="one"),
        "orders, distinct users, per-user limit": lambda: shop_case(options, folder, "trusted", many, 201, 1_000_000),
        "orders, 10,000 bearer tokens": lambda: shop_case(options, folder, "required", many, 201),
        "sold out": lambda: shop_case(options, folder, "trusted", 0, 409),
    }
    cases = {name: run for name, run in cases.items() if options.only in name}
    nginx = Nginx(folder)
    results = {name: [] for name in ["nginx return 200", *cases]}
    try:
        for number in range(options.rounds):
            base = wrk(options, nginx.url, PRODUCT=1, USERS="distinct", EXPECT=200)
            base["ratio"] = 1.0
            results["nginx return 200"].append(base)
            for name, run in cases.items():
                result = run()
                result["ratio"] = result["rate"] / base["rate"]
                results[name].append(result)
                print(f"round {number + 1}/{options.rounds}  {name:42} {result['rate']:9.0f}/s  "
                      f"{result['ratio']:.2f} of nginx {result['errors']}", flush=True)
                if result["wrong"]:
                    sys.exit(f"{name}: {result['wrong']} answers had another status than expected")
    finally:
        nginx.stop()
        shutil.rmtree(folder, ignore_errors=True)
    table = render(results)
    print("\n" + table)
    if options.write:
        with open(os.path.join(ROOT, options.write), "w") as file:
            file.write(page(options, table))


def render(results):
    lines = ["| case | per second | of nginx (median) | min to max | p50 ms | p99 ms |", "|---|---|---|---|---|---|"]
    for name, rounds in results.items():
        def median(key):
            return statistics.median(round_[key] for round_ in rounds)
        ratios = [round_["ratio"] for round_ in rounds]
        lines.append(f"| {name} | {median('rate'):,.0f} | {median('ratio'):.2f} | {min(ratios):.2f} to "
                     f"{max(ratios):.2f} | {median('p50'):.1f} | {median('p99'):.1f} |")
    return "\n".join(lines) + "\n"


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return (f"{time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores ({cpu}), Linux "
            f"{platform.release().split('-')[0]}")


def page(options, table):
    return (
        "# Benchmark results\n\n"
        f"Made by `make bench` on {machine()}, {options.rounds} rounds of {options.seconds} s each, "
        f"{options.connections} connections, client, shop and nginx on the same machine.\n\n"
        "Every 201 is an order on disk (fsync) with one row in `orders` and one in `order_items`. The no-op is nginx's\n"
        "`return 200` with the same POST from the same client in the same round; ratios are medians over rounds.\n"
        "Distinct users come in scattered order, the worst case for the index that lists a buyer's orders.\n\n"
        + table)


if __name__ == "__main__":
    main()
