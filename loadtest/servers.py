"""What a plan is run against: a shop of this run's own in either shape, a given one, and the no-op beside them.

Each has `url`, and a shop `put_up`, `feed`, `stock` and `audit`; `stop` ends what this run started, and removes it.
"""
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))
from bench import free_port, wait_for  # noqa: E402

PRICE = 10_000
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
NOOP = "no-op nginx"
NOOP_COMMITTED = 2  # units, as it says always


class Failed(Exception):
    """what() a person needs to know."""


def start(words, **more):
    """A process that does not outlive this program, whatever ends it."""
    return subprocess.Popen([str(word) for word in words], **more,
                            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM))


class Noop:
    """Answers with the bodies that the plans ask for, in the given proportions, and remembers nothing."""

    name = NOOP

    def __init__(self, folder, ordered=1.0, paid=0.8, lie=("", "")):
        """`lie`: a piece of its bodies, and what it says instead."""
        self.folder = Path(folder, f"noop-{free_port()}")
        self.folder.mkdir()
        port = free_port()
        text = Path(ROOT, "loadtest/noop.conf").read_text()
        text = text.replace(*lie) if lie[0] else text
        lots = {"ORDER_LOTS": lots_of(ordered, "placed", "sold_out"),
                "PAYMENT_LOTS": lots_of(paid, "paid", "declined")}
        for word, value in {**lots, "PORT": port, "FOLDER": self.folder}.items():
            text = text.replace(f"@{word}@", str(value))
        conf = self.folder / "nginx.conf"
        conf.write_text(text)
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = start([nginx, "-c", conf, "-p", self.folder, "-e", self.folder / "noop.log"])
        self.url = f"http://127.0.0.1:{port}"
        wait_for(port)

    def put_up(self, stock):
        return 1

    def feed(self, count):
        """As long as a shop's, but all are the one buyer whom the no-op knows."""
        path = self.folder / f"feed-{count}.csv"
        with open(path, "w") as file:
            file.write("userId,token\n")
            file.writelines(f"1,{'x' * 260}{number:06}\n" for number in range(count))
        return path

    def stop(self):
        self.process.terminate()
        self.process.wait()


def lots_of(part, one, other):
    """For nginx's split_clients, which knows no share of all or nothing."""
    return f"* {one};" if part >= 1 else f"{max(part, 0.0001):.2%} {one}; * {other};"


class Shop:
    """What the shapes share. Who puts a product up is an admin with a token; in a trusting shop, anybody."""

    admin_token = None

    def ask(self, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.admin_token:
            headers["Authorization"] = "Bearer " + self.admin_token
        data = json.dumps(body).encode() if body else None
        try:
            request = urllib.request.Request(self.url + path, data, headers)
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise Failed(f"{self.url}{path}: {error.code} {error.read().decode(errors='replace')}") from error
        except OSError as error:
            raise Failed(f"{self.url}{path}: {error}") from error

    def put_up(self, stock):
        return self.ask("/api/products", {
            "productName": "load test", "productDescription": "load test", "productPrice": PRICE,
            "productStock": stock, "productType": "NORMAL"})["productId"]

    def stock(self, product):
        return self.ask(f"/api/products/{product}/stock")

    def make_buyers(self, count, where):
        """`count` accounts with their tokens, and the admin's."""
        path, admin = self.folder / f"feed-{count}.csv", self.folder / "admin.token"
        if not path.exists():
            subprocess.run([self.buyme, "admin", "tokens", *where, "--count", str(count), "--csv", path,
                            "--admin-token", admin], check=True, stdout=subprocess.DEVNULL)
            self.admin_token = admin.read_text().strip()
        return path

    def recount(self, where):
        """Why the books do not add up, or None."""
        done = subprocess.run([self.buyme, "audit", *where], capture_output=True, text=True)
        return None if done.returncode == 0 else done.stdout + done.stderr


class AllInOne(Shop):
    name = "all-in-one"

    def __init__(self, folder, buyme, auth, words):
        self.folder, self.buyme = Path(folder, f"shop-{auth}"), buyme
        self.folder.mkdir()
        self.where = ["--data-dir", self.folder / "data"]
        self.process = start(
            [buyme, "serve", "--port", "0", *self.where, "--auth", auth, *words],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise Failed("the shop did not start")
        self.url = line.split()[-1]

    def feed(self, count):
        return self.make_buyers(count, self.where)

    def audit(self):
        return self.recount(self.where)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Split(Shop):
    """tools/split.py, which starts and ends every part."""

    name = "split"

    def __init__(self, folder, buyme, auth, words):
        self.folder, self.buyme = Path(folder, f"split-{auth}"), buyme
        self.folder.mkdir()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SPLIT_")}
        environment |= {"SPLIT_PORT": "0", "SPLIT_SERVE": " ".join(["--auth", auth, *words])}
        self.process = start([sys.executable, ROOT / "tools/split.py", buyme], env=environment,
                             stdout=subprocess.PIPE, text=True, start_new_session=True)
        told = []
        while "--config" not in (line := self.process.stdout.readline()):
            if not line:
                raise Failed("the split shop did not start:\n" + "".join(told))
            told.append(line)
        self.where = ["--config", line.split("--config", 1)[1].strip(), "--set", "log.level=warn"]
        self.url = re.search(r"The shop is open at (\S+)", "".join(told))[1]
        threading.Thread(target=self.pass_on, daemon=True).start()

    def pass_on(self):
        for line in self.process.stdout:
            print(f"    {line.rstrip()}", flush=True)

    def feed(self, count):
        return self.make_buyers(count, self.where)

    def audit(self):
        return self.recount(self.where)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Given(Shop):
    """Somebody's running shop: he hands over tokens as `buyme admin tokens` writes them."""

    def __init__(self, host, port, tokens, admin_token):
        self.url, self.tokens = f"http://{host}:{port}", tokens
        self.name, self.process = f"{host}:{port}", None
        self.admin_token = Path(admin_token).read_text().strip() if admin_token else None

    def feed(self, count):
        if not self.tokens:
            raise Failed("buyers need tokens: --tokens FILE, as `buyme admin tokens` writes it")
        with open(self.tokens) as file:
            there = sum(1 for line in file) - 1
        if there < count:
            raise Failed(f"{self.tokens} has {there} buyers, {count} are wanted")
        return Path(self.tokens).resolve()

    def audit(self):
        found = self.ask("/api/admin/audit")
        return None if found["passed"] else json.dumps(found, indent=1)

    def stop(self):
        pass
