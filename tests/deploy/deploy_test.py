#!/usr/bin/env python3
"""deploy/ against the program: settings that containers are given exist, metrics that alerts and the dashboard ask
for are made, each alert is explained, and the accounts of the database see what is theirs.

deploy_test.py BUYME
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BUYME = sys.argv.pop(1) if len(sys.argv) > 1 else str(ROOT / "build/dev/buyme")
ALERT = re.compile(r"^\s*- alert: (\w+)$", re.M)


def text(*path):
    return DEPLOY.joinpath(*path).read_text(encoding="utf-8")


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


class Settings(unittest.TestCase):
    def test_containers_are_given_settings_that_exist(self):
        listed = run([BUYME, "serve", "--help"]).stdout
        known = set(re.findall(r"\bBUYME_[A-Z_]+", listed))
        self.assertGreater(len(known), 30, listed)
        used = set(re.findall(r"\bBUYME_[A-Z_]+", text("compose.yaml") + text("Dockerfile")))
        self.assertGreater(len(used), 10)
        self.assertEqual(used - known, set())

    def test_up_makes_every_secret_that_containers_demand(self):
        demanded = set(re.findall(r"\$\{SHOP_(\w+):\?", text("compose.yaml")))
        made = re.search(r"for name in ([\w\s\\]+); do", (ROOT / "tools/up.sh").read_text())[1]
        self.assertEqual(set(made.replace("\\", " ").split()), demanded)

    def test_the_gateway_and_the_servers_agree_where_they_are(self):
        compose = text("compose.yaml")
        for role, port in (("user", 8081), ("product", 8082), ("order", 8083), ("payment", 8084)):
            servers = re.search(rf"GATEWAY_{role.upper()}: (\S+)", compose)[1].split(",")
            self.assertTrue(all(server.endswith(f":{port}") for server in servers), servers)
            scraped = re.findall(rf'"({role}[-\d]*:\d+)"', text("prometheus", "prometheus.yml"))
            self.assertEqual(scraped, servers)
            asked = re.search(rf"BUYME_SERVICES_{role.upper()}: (\S+)", compose)
            if asked:
                self.assertEqual(asked[1].split(","), servers)
            self.assertEqual(run([BUYME, "serve", "--role", role, "--set", "server.port=x"]).returncode, 1)


class Metrics(unittest.TestCase):
    def setUp(self):
        made = "".join(path.read_text() for path in (ROOT / "src").rglob("*.cpp"))
        self.made = set(re.findall(r'\b(?:counter|gauge|histogram)\("(\w+)"', made))
        self.made |= set(re.findall(r"^counter (\w+)", text("nginx", "gateway.mtail"), re.M))
        self.assertGreater(len(self.made), 20)

    def asked_in(self, expressions):
        names = re.findall(r"\b((?:buyme|gateway)_[a-z_]+)", expressions)
        return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}

    def test_alerts_ask_for_metrics_that_exist(self):
        asked = self.asked_in(" ".join(re.findall(r"expr: (.*)", text("prometheus", "alerts.yml"))))
        self.assertGreater(len(asked), 10)
        self.assertEqual(asked - self.made, set())

    def test_the_dashboard_asks_for_metrics_that_exist(self):
        board = json.loads(text("grafana", "dashboards", "shop.json"))
        asked = self.asked_in(" ".join(t["expr"] for panel in board["panels"] for t in panel["targets"]))
        self.assertGreater(len(asked), 12)
        self.assertEqual(asked - self.made, set())
        source = text("grafana", "provisioning", "datasources", "prometheus.yml")
        for panel in board["panels"]:
            self.assertIn(f"uid: {panel['datasource']['uid']}", source)

    def test_every_alert_is_explained(self):
        alerts = ALERT.findall(text("prometheus", "alerts.yml"))
        explained = re.findall(r"^\| `([A-Z][a-z]\w+)` \|", (ROOT / "docs/operations.md").read_text(), re.M)
        self.assertEqual(sorted(alerts), sorted(explained))


class Tools(unittest.TestCase):
    """The real tools; tools/setup.sh test installs them."""

    def test_alerts_come_when_they_should(self):
        tested = run(["promtool", "test", "rules", "alerts_test.yml"], cwd=DEPLOY / "prometheus")
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_the_gateways_errors_are_counted(self):
        with tempfile.TemporaryDirectory() as place:
            log = Path(place) / "own_errors.log"
            line = '{"time":"t","client":"c","request":"%s","status":%d,"bytes":1,"upstream":"%s","upstreamStatus":""}\n'
            log.write_text(line % ("GET /", 502, "order-1:8083") + line % ("GET /", 499, "order-2:8083") +
                           line % (r"GET /?\"status\":504,", 413, "") + line % ("GET /", 502, "order-1:8083"))
            counted = run(["mtail", "--one_shot", "--progs", DEPLOY / "nginx/gateway.mtail", "--logs", log])
        metrics = json.loads(counted.stdout[counted.stdout.index("{"):])
        values = {(metric["Name"], *value["Labels"]): value["Value"]["Value"]
                  for metrics_of_name in metrics.values() for metric in metrics_of_name
                  for value in metric.get("LabelValues") or []}
        self.assertEqual(values, {("gateway_own_errors_total", "502"): 2, ("gateway_own_errors_total", "499"): 1,
                                  ("gateway_own_errors_total", "413"): 1,
                                  ("gateway_unanswered_total", "order-1:8083"): 2})


class Scripts(unittest.TestCase):
    def gateway(self, **more):
        settings = {"GATEWAY_USER": "a:1", "GATEWAY_PRODUCT": "a:1", "GATEWAY_ORDER": "a:1", "GATEWAY_PAYMENT": "a:1"}
        return run([DEPLOY / "nginx/gateway.sh"],
                   env={"PATH": os.environ["PATH"], "GATEWAY_RUN": os.devnull + "/none", **settings, **more})

    def test_what_is_no_address_does_not_become_configuration(self):
        for bad in ("", "a:1; } evil {", "a:1\nb", "$x:1", "a:1|e"):
            refused = self.gateway(GATEWAY_ORDER=bad)
            self.assertNotEqual(refused.returncode, 0, bad)

    def test_accounts_take_no_password_that_would_end_a_string(self):
        passwords = {f"PASSWORD_{name}": "abc" for name in ("USER", "PRODUCT", "ORDER", "PAYMENT", "OPERATOR")}
        refused = run([DEPLOY / "mysql/accounts.sh"],
                      env={"PATH": os.environ["PATH"], "DATABASE_HOST": "127.0.0.1", **passwords,
                           "PASSWORD_ORDER": "a'b"})
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("PASSWORD_ORDER", refused.stderr)
        self.assertNotIn("a'b", refused.stderr)


if __name__ == "__main__":
    unittest.main()
