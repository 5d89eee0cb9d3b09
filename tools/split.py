#!/usr/bin/env python3
"""The shop in several servers on this machine: MariaDB, Redis, two servers of the role order, one of each other
role, and the gateway before them. Everything lies in a temporary directory and ends with Ctrl-C.

split.py [BUYME]   the program (build/release/buyme)
SPLIT_PORT     the gateway's port (8080, else any free one; 0: any free one)
SPLIT_ORDERS   servers of the role order (2)
SPLIT_SERVE    more words for `buyme serve` of every server: "--auth trusted --set order.hold_seconds=60"
SPLIT_DROP=1   a crowd comes through the gateway (SPLIT_BUYERS, 10000, for SPLIT_STOCK, 700, units); then the
               audit; the exit status is that of both
"""
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUYME = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/buyme").resolve()
PAGES = ROOT / "web/dist"
START_SECONDS = 60
STOP_SECONDS = 20
SHOWN_LINES = 25
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """what() a person needs to know, the log of what failed included."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_taken(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Failed(f"{name} is not installed: tools/setup.sh split")
    return found


class Part:
    """One process of the shop, in a group of its own: Ctrl-C is for this program, which ends them in order."""

    def __init__(self, name, words, place, environment=None, stop=signal.SIGTERM, told=False):
        self.name, self.stop_signal = name, stop
        self.log = place / f"{name}.log"
        self.missed = False  # its end was told
        last_will = signal.SIGTERM if name == "gateway" else signal.SIGKILL
        clean = {key: value for key, value in os.environ.items() if not key.startswith("BUYME_")}
        self.process = subprocess.Popen(
            [str(word) for word in words], env={**clean, **(environment or {})}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, last_will))
        threading.Thread(target=self.keep_log, args=(told,), daemon=True).start()

    def keep_log(self, told):
        with open(self.log, "ab", buffering=0) as log:
            for line in self.process.stdout:
                log.write(line)
                if told and not line.startswith(b"listening on"):
                    print(f"{self.name:>9} | {line.decode(errors='replace').rstrip()}", flush=True)

    def is_gone(self):
        return self.process.poll() is not None

    def last_words(self):
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"{self.name:>9} | {line}" for line in lines[-SHOWN_LINES:])

    def end(self):
        if self.is_gone():
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Shop:
    def __init__(self, place):
        self.place = place
        self.parts = []
        self.password = {name: secrets.token_hex(16) for name in
                         ("user", "product", "order", "payment", "operator", "redis", "admin")}
        self.token_key, self.credential = secrets.token_hex(32), secrets.token_hex(32)
        self.database, self.redis_port = place / "mariadb.sock", free_port()
        self.config = place / "shop.toml"

    # --- parts

    def add(self, part):
        self.parts.append(part)
        return part

    def wait_for(self, part, ready, what):
        latest = time.monotonic() + START_SECONDS
        while not ready():
            if part.is_gone() or time.monotonic() > latest:
                time.sleep(0.2)  # its last lines are still being read
                how = f"ended with status {part.process.returncode}" if part.is_gone() else "is not ready in time"
                raise Failed(f"{part.name} {how}:\n{part.last_words()}")
            time.sleep(0.05)
        print(f"{part.name:>9}   {what}, process {part.process.pid}", flush=True)

    def start_stores(self):
        data = self.place / "mariadb"
        as_root = ["--user=root"] if os.geteuid() == 0 else []  # mariadbd wants to be told
        installed = subprocess.run(
            [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db",
             "--auth-root-authentication-method=normal", *as_root], capture_output=True, text=True,
            env={**os.environ, "TMPDIR": str(self.place)})  # a mariadbd that starts removes others' files from there
        if installed.returncode != 0:
            raise Failed("mariadb-install-db failed:\n" + installed.stdout + installed.stderr)
        redis_file = self.place / "redis.conf"
        redis_file.write_text(f"bind 127.0.0.1\nport {self.redis_port}\ndir {self.place}\nsave \"\"\n"
                              f"maxmemory-policy noeviction\nrequirepass {self.password['redis']}\n")
        database = self.add(Part("database", [
            program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={self.database}",
            f"--pid-file={self.place / 'mariadb.pid'}", f"--tmpdir={self.place}", "--skip-networking",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=128M", "--max-connections=500",
            "--skip-log-bin", *as_root], self.place))
        redis = self.add(Part("redis", [program("redis-server"), redis_file], self.place))
        self.wait_for(database, self.database.exists, f"MariaDB on {self.database}")
        self.wait_for(redis, lambda: is_taken(self.redis_port), f"Redis on 127.0.0.1:{self.redis_port}")
        made = subprocess.run(
            [ROOT / "deploy/mysql/accounts.sh"], capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "DATABASE_SOCKET": str(self.database), "MYSQL_PWD": "",
                 **{f"PASSWORD_{name.upper()}": self.password[name]
                    for name in ("user", "product", "order", "payment", "operator")}})
        if made.returncode != 0:
            raise Failed("the accounts of the database could not be made:\n" + made.stderr)

    def start_servers(self, orders):
        """All at once: roles that ask each other know each other's ports beforehand."""
        ports = {"user": [free_port()], "product": [free_port()], "payment": [free_port()],
                 "order": [free_port() for _ in range(orders)]}
        addresses = {role: ",".join(f"127.0.0.1:{port}" for port in ports[role]) for role in ports}
        more = os.environ.get("SPLIT_SERVE", "").split()
        servers = []
        for role in ports:
            for number, port in enumerate(ports[role], 1):
                name = role if len(ports[role]) == 1 else f"{role}-{number}"
                servers.append((port, self.add(Part(
                    name, [BUYME, "serve", *more], self.place, self.environment(name, role, port, addresses),
                    told=True))))
        for port, server in servers:
            self.wait_for(server, lambda port=port: answers(f"http://127.0.0.1:{port}/readyz"),
                          f"http://127.0.0.1:{port}")
        return addresses

    def environment(self, name, role, port, addresses):
        return {"BUYME_SERVER_ROLE": role, "BUYME_SERVER_PORT": str(port),
                "BUYME_SERVER_TRUSTED_PROXIES": "127.0.0.1", "BUYME_DATA_DIR": str(self.place / name),
                "BUYME_DATABASE_HOST": str(self.database),
                "BUYME_DATABASE_USER": f"buyme_{role}", "BUYME_DATABASE_PASSWORD": self.password[role],
                "BUYME_REDIS_SERVERS": f"127.0.0.1:{self.redis_port}",
                "BUYME_REDIS_PASSWORD": self.password["redis"], "BUYME_USER_TOKEN_KEY": self.token_key,
                "BUYME_SERVICES_CREDENTIAL": self.credential, "BUYME_LOG_LEVEL": "warn",
                **{f"BUYME_SERVICES_{other.upper()}": addresses[other]
                   for other in ("order", "payment", "product")}}

    def pages(self):
        """A copy of them where nginx' workers may read it: they are nobody, and this place is not theirs."""
        if not (PAGES / "index.html").exists():
            return {}
        self.web = tempfile.TemporaryDirectory(prefix="buyme-pages-")
        shutil.copytree(PAGES, self.web.name, dirs_exist_ok=True)
        os.chmod(self.web.name, 0o755)
        return {"GATEWAY_WEB": self.web.name}

    def start_gateway(self, port, addresses):
        gateway = self.add(Part(
            "gateway", [ROOT / "deploy/nginx/gateway.sh"], self.place,
            {"GATEWAY_RUN": str(self.place / "gateway"), "GATEWAY_LISTEN": f"127.0.0.1:{port}",
             "GATEWAY_LOG": str(self.place / "requests.log"),
             **self.pages(),
             **{f"GATEWAY_{role.upper()}": addresses[role] for role in addresses}}))
        url = f"http://127.0.0.1:{port}"
        self.wait_for(gateway, lambda: answers(url + "/readyz"), url)
        return url

    # --- an operator's commands, with the settings in a file

    def write_config(self):
        self.config.touch(mode=0o600)
        self.config.write_text(
            f'[database]\nhost = "{self.database}"\nuser = "buyme_operator"\n'
            f'password = "{self.password["operator"]}"\n'
            f'[redis]\nservers = ["127.0.0.1:{self.redis_port}"]\npassword = "{self.password["redis"]}"\n'
            f'[user]\ntoken_key = "{self.token_key}"\n')

    def command(self, *words, **more):
        return subprocess.run([str(BUYME), *[str(word) for word in words]], **more).returncode

    def make_admin(self):
        status = self.command("admin", "create", "--config", self.config, "--set", "log.level=warn", "--email", "admin@split.example",
                              "--password-stdin", input=self.password["admin"], text=True,
                              stdout=subprocess.DEVNULL)
        if status != 0:
            raise Failed("the admin could not be made")

    def drop(self, url, buyers, stock):
        """The verdict of what buyers saw, then that of the shop's own books."""
        tokens, admin = self.place / "tokens.csv", self.place / "admin.token"
        if self.command("admin", "tokens", "--config", self.config, "--set", "log.level=warn", "--count", buyers, "--csv", tokens,
                        "--admin-token", admin, stdout=subprocess.DEVNULL) != 0:
            raise Failed("the buyers could not be made")
        print(f"\n{buyers} buyers with accounts and tokens of their own are coming for {stock} units.\n",
              flush=True)
        verdict = self.command("drop", "--url", url, "--tokens", tokens, "--admin-token", admin, "--pay",
                               "--buyers", buyers, "--stock", stock, "--connections", 2000)
        print("\nThe shop's own books, recounted:", flush=True)
        books = self.command("audit", "--config", self.config)
        self.tell_own_errors()
        return verdict or books

    def tell_own_errors(self):
        lines = (self.place / "gateway/own_errors.log").read_text().splitlines()
        gone = sum('"status":499' in line for line in lines)  # cut connections are part of a drop
        if len(lines) > gone:
            other = next(line for line in lines if '"status":499' not in line)
            print(f"\nThe gateway answered {len(lines) - gone} requests by itself, as this one:\n{other}")

    # --- the end

    def watch(self):
        """Tells what ends, until Ctrl-C: the shop goes on without it."""
        while True:
            for part in self.parts:
                if part.is_gone() and not part.missed:
                    part.missed = True
                    time.sleep(0.2)
                    print(f"{part.name} ended with status {part.process.returncode}; the shop goes on "
                          f"without it.\n{part.last_words()}", flush=True)
            time.sleep(0.2)

    def end(self):
        for part in reversed(self.parts):
            part.end()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def end_quietly(number, frame):
    raise SystemExit(128 + number)


def run(place):
    port = int(os.environ.get("SPLIT_PORT", 8080))
    if port == 0 or ("SPLIT_PORT" not in os.environ and is_taken(port)):
        port = free_port()
    shop = Shop(place)
    try:
        shop.start_stores()
        shop.write_config()
        addresses = shop.start_servers(int(os.environ.get("SPLIT_ORDERS") or 2))
        shop.make_admin()
        url = shop.start_gateway(port, addresses)
        if os.environ.get("SPLIT_DROP"):
            return shop.drop(url, int(os.environ.get("SPLIT_BUYERS") or 10_000),
                             int(os.environ.get("SPLIT_STOCK") or 700))
        print(f"\nThe shop is open at {url} (in a browser; {url}/console is the merchant's). Ctrl-C closes it.\n"
              f"admin@split.example / {shop.password['admin']}\n"
              f"Its files and logs: {place}. Commands: build/release/buyme audit --config {shop.config}",
              flush=True)
        shop.watch()
    except Failed as failed:
        print(f"tools/split.py: {failed}", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        shop.end()


if __name__ == "__main__":
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, end_quietly)
    with tempfile.TemporaryDirectory(prefix="buyme-split-") as directory:
        sys.exit(run(Path(directory)))
