"""What schemathesis has to know of a shop beside its description. Read by tools/fuzz_api.py; not run by itself."""
import csv
import json
import os
import re
import subprocess
import tempfile
import urllib.request
import uuid

import schemathesis

ROLE = os.environ["FUZZ_ROLE"]
BUYME = os.environ["FUZZ_BUYME"]
SHOP = os.environ["FUZZ_SHOP"]
TOKEN = os.environ["FUZZ_TOKEN"]
OWN_ID = int(os.environ["FUZZ_OWN_ID"])
KNOWN = {name: int(count) for name, count in (pair.split("=") for pair in os.environ["FUZZ_KNOWN"].split(","))}

# After these the caller's token is good for nothing: each call gets an account of its own.
ENDS_THE_CALLER = {"logOut", "endMe"}
PASSWORD = "correct horse battery"


def post(path, body):
    request = urllib.request.Request(os.environ["FUZZ_URL"] + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def token_with_password():
    email = f"fuzz-{uuid.uuid4().hex}@example.com"
    post("/api/auth/signup", {"userName": "Fuzz", "userEmail": email, "userPassword": PASSWORD,
                              "userPhoneNumber": "010-1234-5678", "address": "Seoul"})
    return post("/api/auth/login", {"userEmail": email, "userPassword": PASSWORD})["accessToken"]


def fresh_token():
    with tempfile.TemporaryDirectory() as directory:
        buyers, admin = os.path.join(directory, "buyers.csv"), os.path.join(directory, "admin")
        subprocess.run([BUYME, "admin", "tokens", "--data-dir", SHOP, "--count", "1", "--csv", buyers, "--admin-token", admin],
                       check=True, stdout=subprocess.DEVNULL)
        if ROLE == "admin":
            return open(admin, encoding="utf-8").read().strip()
        with open(buyers, encoding="utf-8", newline="") as rows:
            return list(csv.reader(rows))[-1][-1].strip()


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        operation = context.operation.definition.raw.get("operationId")
        if operation == "changePassword":
            return token_with_password()
        return fresh_token() if operation in ENDS_THE_CALLER else TOKEN

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def leads_somewhere(parameters):
    """Among 2^63 ids hardly one exists: well-formed ones are folded onto those that do."""
    for name, value in (parameters or {}).items():
        if name in KNOWN and isinstance(value, (int, float)) and value > 0:
            parameters[name] = int(value) % KNOWN[name] + 1
            if name == "userId" and parameters[name] == OWN_ID:
                parameters[name] += 1  # an admin who ends himself fuzzes no further


def make_sense_of_product(operation, body):
    if str(body.get("opensAt") or "1970") < "1970" or ":60" in str(body.get("opensAt")):
        body["opensAt"] = "2026-12-01T03:00:00Z"  # before 1970, or a leap second
    times = [name for name in ("opensAt", "closesAt") if name in body]
    if isinstance(body.get("closesAt"), str) or (operation == "changeProduct" and times):
        body["opensAt"], body["closesAt"] = "2026-12-01T03:00:00Z", "2200-01-01T00:00:00+09:00"
    if body.get("productType") == "RESERVED" and not isinstance(body.get("opensAt"), str):
        body["opensAt"] = "2026-12-01T03:00:00Z"


def make_sense(operation, case):
    """What a schema cannot say of values that it allows."""
    if isinstance(case.query, dict):
        case.query.pop("cursor", None)  # one that is made up is refused
        if "minPrice" in case.query and "maxPrice" in case.query:
            case.query.pop("maxPrice")
    match = (case.headers or {}).get("If-Match")
    if match is not None and not re.fullmatch(r'[*]|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*', match):
        case.headers["If-Match"] = "*"
    if operation == "importProducts":
        case.body = "productName,productDescription,productPrice,productStock,productType\nFuzz,\"Two\nlines\",1,5,NORMAL\n"
    if not isinstance(case.body, dict):
        return
    if operation in ("registerProduct", "replaceProduct", "changeProduct"):
        make_sense_of_product(operation, case.body)
    if operation == "placeOrder" and isinstance(case.body.get("userId"), (int, float)):
        case.body["userId"] = OWN_ID
    if operation == "returnItem" and isinstance(case.body.get("quantity"), (int, float)):
        case.body["quantity"] = 1  # no more than were bought
    if operation == "changePassword":
        case.body["currentPassword"] = PASSWORD
    if len(str(case.body.get("userEmail", ""))) > 60:
        case.body["userEmail"] = f"fuzz-{uuid.uuid4().hex}@example.com"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    leads_somewhere(path_parameters)
    return path_parameters


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    if isinstance(case.body, dict):
        if operation == "addWish":
            leads_somewhere(case.body)
        lines = case.body.get("orderItems")
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, dict):
                leads_somewhere(line)
    if case.meta is not None and case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE:
        make_sense(operation, case)
