#!/usr/bin/env python3
"""Durable orders per second of the shape that several servers share, beside a no-op nginx in the same run.

Starts a MariaDB (innodb_flush_log_at_trx_commit=1) and a Redis in temporary directories and one server over
them; every order is of another user. As in bench.py, a case's ratio is the median over the rounds of its rate
divided by the nginx rate of the same round. The orders that come through the gateway are set beside the same gateway
before the no-op.

    bench/shared.py [--rounds 3] [--seconds 5] [--connections 256] [--write bench/shared.md]
"""
import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import bench

SERVICES = ("user", "product", "order", "payment", "provider")


class Places:
    """A database server and a Redis of this run's own, with an empty database for each service."""

    def __init__(self, folder):
        self.folder, self.port, self.redis_port = folder, bench.free_port(), bench.free_port()
        self.password = secrets.token_hex(8)
        root = ["--user=root"] if os.geteuid() == 0 else []
        data, log = os.path.join(folder, "data"), open(os.path.join(folder, "log"), "w")
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal", *root], check=True, stdout=log, stderr=log,
                       env={**os.environ, "TMPDIR": folder})  # a mariadbd that starts removes others' files from there
        accounts = os.path.join(folder, "accounts.sql")
        with open(accounts, "w") as file:
            file.write(f"CREATE USER 'buyme'@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
                       "GRANT ALL ON *.* TO 'buyme'@'127.0.0.1';\n")
            for service in SERVICES:
                file.write(f"CREATE DATABASE bench_{service};\n")
        mariadbd = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self.processes = [
            subprocess.Popen([mariadbd, "--no-defaults", f"--datadir={data}", f"--socket={folder}/socket",
                              f"--pid-file={folder}/pid", f"--tmpdir={folder}", "--bind-address=127.0.0.1", f"--port={self.port}",
                              "--skip-name-resolve", f"--init-file={accounts}", "--innodb-flush-log-at-trx-commit=1",
                              "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M", "--skip-log-bin",
                              "--character-set-server=utf8mb4", *root], stdout=log, stderr=log),
            subprocess.Popen(["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "",
                              "--dir", folder], stdout=log, stderr=log)]
        for port in (self.port, self.redis_port):
            bench.wait_for(port)

    def settings(self):
        pairs = {"database.host": "127.0.0.1", "database.port": self.port, "database.user": "buyme",
                 "database.prefix": "bench", "redis.servers": f"127.0.0.1:{self.redis_port}"}
        os.environ["BUYME_DATABASE_PASSWORD"] = self.password
        os.environ["BUYME_USER_TOKEN_KEY"] = secrets.token_hex(32)
        return [word for key, value in pairs.items() for word in ("--set", f"{key}={value}")]

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


class Gateway:
    """The shop's own gateway, all of whose upstreams are one server."""

    def __init__(self, folder, upstream):
        port = bench.free_port()
        address = upstream.removeprefix("http://")
        os.chmod(folder, 0o711)  # its workers are nobody
        run = os.path.join(folder, f"gateway-{port}")
        roles = {f"GATEWAY_{role}": address for role in ("USER", "PRODUCT", "ORDER", "PAYMENT")}
        self.process = subprocess.Popen(
            [os.path.join(bench.ROOT, "deploy/nginx/gateway.sh")], stderr=subprocess.DEVNULL,
            env=dict(os.environ, GATEWAY_RUN=run, GATEWAY_LISTEN=f"127.0.0.1:{port}", GATEWAY_LOG="/dev/null",
                     GATEWAY_WORKERS="1", **roles))
        self.url = f"http://127.0.0.1:{port}"
        bench.wait_for(port)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--write", metavar="FILE")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="buyme-shared-")
    nginx, places = bench.Nginx(folder), Places(folder)
    running = [nginx, places]
    try:
        shop = bench.Shop(folder, "trusted", *places.settings())
        running.insert(0, shop)
        product = shop.product(1_000_000_000)
        gateways = [Gateway(folder, nginx.url), Gateway(folder, shop.url)]
        running[:0] = gateways
        time.sleep(1)
        cases = [("nginx return 200", nginx.url, None), ("orders, distinct users", shop.url, nginx.url),
                 ("gateway before nginx return 200", gateways[0].url, None),
                 ("orders through the gateway", gateways[1].url, gateways[0].url)]
        results = {name: [] for name, _, _ in cases}
        for number in range(options.rounds):
            rates = {}
            for name, url, base in cases:
                wanted = {"PRODUCT": product, "EXPECT": 201} if base else {"PRODUCT": 1, "EXPECT": 200}
                result = bench.wrk(options, url, USERS="distinct", **wanted)
                rates[url] = result["rate"]
                result["ratio"] = result["rate"] / rates[base or url]
                results[name].append(result)
                print(f"round {number + 1}/{options.rounds}  {name:33} {result['rate']:9.0f}/s  "
                      f"{result['ratio']:.2f} {result['errors']}", flush=True)
                if result["wrong"]:
                    sys.exit(f"{result['wrong']} answers had another status than expected")
    finally:
        for process in running:
            process.stop()
        shutil.rmtree(folder, ignore_errors=True)
    table = bench.render(results)
    print("\n" + table)
    if options.write:
        with open(os.path.join(bench.ROOT, options.write), "w") as file:
            file.write(page(options, table))


def page(options, table):
    return (
        "# Benchmark of the shared shape\n\n"
        f"Made by `bench/shared.py --rounds {options.rounds} --seconds {options.seconds} --write bench/shared.md` on "
        f"{bench.machine()}, {options.connections} connections;\nclient, server, MariaDB, Redis and nginx on the same "
        "machine.\n\n"
        "One server of all services over a MariaDB that syncs every commit and the Redis gate. Every 201 is an order on\n"
        "disk. The no-op is nginx's `return 200` with the same POST from the same client in the same round; orders through\n"
        "the gateway are set beside that gateway before the no-op.\n\n"
        + table.replace("of nginx", "of its no-op"))


if __name__ == "__main__":
    main()
