#!/usr/bin/env python3
"""Durable orders per second of the shape that several servers share, beside a no-op nginx in the same run.

Starts a MariaDB (innodb_flush_log_at_trx_commit=1) and a Redis in temporary directories and one server over
them; every order is of another user. As in bench.py, a case's ratio is the median over the rounds of its rate
divided by the nginx rate of the same round.

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
                        "--auth-root-authentication-method=normal", *root], check=True, stdout=log, stderr=log)
        accounts = os.path.join(folder, "accounts.sql")
        with open(accounts, "w") as file:
            file.write(f"CREATE USER 'buyme'@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
                       "GRANT ALL ON *.* TO 'buyme'@'127.0.0.1';\n")
            for service in SERVICES:
                file.write(f"CREATE DATABASE bench_{service};\n")
        mariadbd = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self.processes = [
            subprocess.Popen([mariadbd, "--no-defaults", f"--datadir={data}", f"--socket={folder}/socket",
                              f"--pid-file={folder}/pid", "--bind-address=127.0.0.1", f"--port={self.port}",
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--write", metavar="FILE")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="buyme-shared-")
    nginx, places, shop = bench.Nginx(folder), Places(folder), None
    name = "orders, distinct users, MariaDB and Redis"
    results = {"nginx return 200": [], name: []}
    try:
        shop = bench.Shop(folder, "trusted", *places.settings())
        product = shop.product(1_000_000_000)
        time.sleep(1)
        for number in range(options.rounds):
            base = bench.wrk(options, nginx.url, PRODUCT=1, USERS="distinct", EXPECT=200)
            base["ratio"] = 1.0
            result = bench.wrk(options, shop.url, PRODUCT=product, USERS="distinct", EXPECT=201)
            result["ratio"] = result["rate"] / base["rate"]
            results["nginx return 200"].append(base)
            results[name].append(result)
            print(f"round {number + 1}/{options.rounds}  {result['rate']:9.0f}/s  {result['ratio']:.2f} of nginx "
                  f"{result['errors']}", flush=True)
            if result["wrong"]:
                sys.exit(f"{result['wrong']} answers had another status than expected")
    finally:
        if shop:
            shop.stop()
        places.stop()
        nginx.stop()
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
        "disk. The no-op is nginx's `return 200` with the same POST from the same client in the same round.\n\n"
        + table)


if __name__ == "__main__":
    main()
