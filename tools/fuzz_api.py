#!/usr/bin/env python3
"""Holds a running shop against its own description: schemathesis asks every operation, as a buyer and as an admin,
what the description allows and what it forbids, and checks every answer.

Starts a shop of its own with products, orders in every state and two accounts, and ends it. Passes when schemathesis
found nothing, no answer was a 5xx, every operation succeeded at least once (otherwise the run says little), the shop
stopped cleanly and its books are right.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, "build", "fuzz-venv")
SCHEMATHESIS = "schemathesis==4.32.5"
ORDERS = 60


class Shop:
    def __init__(self, buyme, directory):
        self.buyme, self.directory = buyme, os.path.join(directory, "shop")
        self.log = open(os.path.join(directory, "serve.log"), "w+", encoding="utf-8")
        settings = {"rate.account_per_second": 0, "rate.address_per_second": 0, "payment.latency_ms": 1,
                    "order.hold_seconds": 600}
        sets = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
        self.process = subprocess.Popen(
            [buyme, "serve", "--port", "0", "--data-dir", self.directory, *sets], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            found = re.search(r"^listening on (\S+)", self.text(), re.M)
            if found:
                break
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the shop did not start:\n" + self.text())
            time.sleep(0.05)
        self.url = found[1]

    def text(self):
        with open(self.log.name, encoding="utf-8") as log:
            return log.read()

    def run(self, *arguments):
        return subprocess.run([self.buyme, *arguments], check=True, capture_output=True, text=True).stdout

    def call(self, method, path, token=None, body=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
        try:
            return json.loads(text)
        except ValueError:
            return text.decode()

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


def furnish(shop, directory):
    """Two accounts, products, and orders of the buyer in every state. Returns tokens, ids and how many of each."""
    buyers, admin_file = os.path.join(directory, "buyers.csv"), os.path.join(directory, "admin")
    shop.run("admin", "tokens", "--data-dir", shop.directory, "--count", "1", "--csv", buyers, "--admin-token", admin_file)
    admin = open(admin_file, encoding="utf-8").read().strip()
    buyer = open(buyers, encoding="utf-8").read().strip().splitlines()[-1].split(",")[-1]
    for number in range(1, 9):
        product = {"productName": f"Product {number}", "productDescription": "", "productPrice": 1000 * number,
                   "productStock": 1_000_000, "productType": "NORMAL"}
        shop.call("POST", "/api/products", admin, product)
    for number in range(ORDERS):
        lines = [{"productId": number % 8 + 1, "quantity": 3}]
        order = shop.call("POST", "/api/orders", buyer, {"orderItems": lines})
        if number % 3:
            shop.call("POST", f"/api/orders/{order['orderId']}/attempt-payment", buyer)
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3 * 86_400))
    shop.run("admin", "ship", "--data-dir", shop.directory, "--as-of", later)
    for number in range(1, ORDERS, 4):
        shop.call("POST", f"/api/orders/items/{number}/return", buyer, {})
    for number in range(ORDERS):  # some of them are not for shipping any more: paid after it
        order = shop.call("POST", "/api/orders", buyer, {"orderItems": [{"productId": 1, "quantity": 1}]})
        if number % 2:
            shop.call("POST", f"/api/orders/{order['orderId']}/attempt-payment", buyer)
    for number in range(1, 4):
        shop.call("POST", "/api/wishlist", buyer, {"productId": number})
        shop.call("POST", "/api/wishlist", admin, {"productId": number})
    known = {"orderId": 2 * ORDERS, "orderItemId": 2 * ORDERS, "productId": 8, "userId": 10}
    tokens = {"user": buyer, "admin": admin}
    return {role: (token, shop.call("GET", "/api/users/me", token)["userId"]) for role, token in tokens.items()}, known


def fuzz(shop, role, token, own_id, known, options):
    environment = dict(os.environ, FUZZ_ROLE=role, FUZZ_TOKEN=token, FUZZ_OWN_ID=str(own_id), FUZZ_BUYME=shop.buyme,
                       FUZZ_SHOP=shop.directory, FUZZ_URL=shop.url,
                       FUZZ_KNOWN=",".join(f"{name}={count}" for name, count in known.items()),
                       SCHEMATHESIS_HOOKS="fuzz_api_hooks", PYTHONPATH=os.path.join(ROOT, "tools"))
    command = [os.path.join(VENV, "bin", "schemathesis"), "--config-file",
               os.path.join(ROOT, "tools", "schemathesis.toml"), "run", shop.url + "/openapi.json",
               "--max-examples", str(options.examples), "--seed", str(options.seed), "--request-timeout", "20",
               "--suppress-health-check", "all", "--continue-on-failure", "--no-color",
               # An answer that never ends; tests of its own listen to it.
               "--exclude-operation-id", "streamStock"]
    print(f"== as {role}, seed {options.seed}", flush=True)
    return subprocess.run(command, env=environment, cwd=options.directory, check=False).returncode == 0


def answered(metrics):
    """(method, route) -> class of status -> count"""
    counts = {}
    for method, route, status, count in re.findall(
            r'buyme_http_requests_total\{method="(\w+)",route="([^"]+)",status="(\w+)"\} (\S+)', metrics):
        counts.setdefault((method, route), {})[status] = int(float(count))
    return counts


def judge(shop, admin, failures):
    counts = answered(shop.call("GET", "/metrics", admin))
    total = sum(sum(by_status.values()) for by_status in counts.values())
    print(f"\n{total} requests were answered.")
    for (method, route), by_status in sorted(counts.items(), key=lambda entry: entry[0][1]):
        if by_status.get("5xx"):
            failures.append(f"{method} {route}: {by_status['5xx']} answers were 5xx")
    description = shop.call("GET", "/openapi.json")
    for route, operations in description["paths"].items():
        for method in operations:
            name = (method.upper(), route)
            if method == "parameters" or operations[method]["operationId"] == "streamStock":
                continue
            if not counts.get(name, {}).get("2xx"):
                failures.append(f"{name[0]} {route}: never succeeded, so little was tried ({counts.get(name, {})})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buyme", default=os.path.join(ROOT, "build", "release", "buyme"))
    parser.add_argument("--examples", type=int, default=100, help="per operation, phase and role")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000_007)
    options = parser.parse_args()
    if not os.path.exists(os.path.join(VENV, "bin", "schemathesis")):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([os.path.join(VENV, "bin", "pip"), "install", "-q", SCHEMATHESIS], check=True)

    failures = []
    with tempfile.TemporaryDirectory(prefix="buyme-fuzz-api-") as options.directory:
        shop = Shop(options.buyme, options.directory)
        try:
            accounts, known = furnish(shop, options.directory)
            for role, (token, own_id) in accounts.items():
                if not fuzz(shop, role, token, own_id, known, options):
                    failures.append(f"as {role}: schemathesis found the failures above")
                if "userId" not in shop.call("GET", "/api/users/me", token):
                    failures.append(f"as {role}: the token was lost on the way, so the rest was asked by nobody")
            judge(shop, accounts["admin"][0], failures)
        finally:
            status = shop.stop()
        if status != 0:
            failures.append(f"the shop ended with status {status}")
        audit = subprocess.run([shop.buyme, "audit", "--data-dir", shop.directory], check=False, capture_output=True, text=True)
        if audit.returncode != 0:
            failures.append("the books are wrong:\n" + audit.stdout + audit.stderr)
        for line in shop.text().splitlines():
            if "a request threw" in line:
                failures.append(line)
    for failure in failures:
        print("FAILED", failure)
    print("fuzz-api:", "FAILED" if failures else "passed", f"(--seed {options.seed} repeats it)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
