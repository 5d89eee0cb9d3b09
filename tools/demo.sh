#!/usr/bin/env bash
# The demo: a shop of its own with an admin and ten thousand buyers with real tokens, a drop with payments, the verdict.
# On a terminal the shop stays open until Ctrl-C; otherwise the exit status is the verdict's.
# DEMO_PORT (8080, else any free one), DEMO_BUYERS (10000), DEMO_STOCK (700)
set -euo pipefail
cd "$(dirname "$0")/.."
buyme=build/release/buyme
port=${DEMO_PORT:-8080}; buyers=${DEMO_BUYERS:-10000}; stock=${DEMO_STOCK:-700}
data=$(mktemp -d "${TMPDIR:-/tmp}/buyme-demo-XXXXXX")
shop=
clean_up() {
  trap - EXIT INT TERM
  [ -z "$shop" ] || { kill -TERM "$shop" 2>/dev/null || true; wait "$shop" 2>/dev/null || true; }
  rm -rf "$data"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "${DEMO_PORT:-}" ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then port=0; fi
: >"$data/serve.log"
"$buyme" serve --port "$port" --data-dir "$data/shop" --auth required >"$data/serve.log" 2>"$data/serve.err" &
shop=$!
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' "$data/serve.log")
  [ -n "$url" ] && break
  kill -0 "$shop" 2>/dev/null || { cat "$data/serve.err" >&2; exit 1; }
  sleep 0.1
done
[ -n "$url" ] || { echo "the shop did not start:" >&2; cat "$data/serve.err" >&2; exit 1; }

echo "A shop is open at $url. $buyers buyers with accounts and tokens of their own are coming for $stock units."
head -c 18 /dev/urandom | base64 >"$data/password"
"$buyme" admin create --data-dir "$data/shop" --email admin@demo.example --password-stdin <"$data/password" >/dev/null
"$buyme" admin tokens --data-dir "$data/shop" --count "$buyers" --csv "$data/tokens.csv" --admin-token "$data/admin.token" >/dev/null

status=0
"$buyme" drop --url "$url" --tokens "$data/tokens.csv" --admin-token "$data/admin.token" --pay \
  --buyers "$buyers" --stock "$stock" --connections 2000 --html build/demo.html --json build/demo.json || status=$?
echo
echo "The shop's own books, recounted:"
"$buyme" audit --data-dir "$data/shop" || status=1
echo
echo "The sale drawn over time: build/demo.html"
if [ -t 0 ] && [ -t 1 ]; then
  # What whoever opens the page may buy: one product at once, one in ten minutes.
  python3 - "$url" "$(cat "$data/admin.token")" <<'END'
import datetime, json, sys, urllib.request
url, token = sys.argv[1:]
opens = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10)
for name, text, price, stock, more in (
        ("Court Classic 84", "Canvas and suede. One run.", 129000, 30, {"productType": "NORMAL"}),
        ("새벽 러너 한정판", "10분 뒤에 열려요.", 189000, 12, {"productType": "RESERVED", "opensAt": opens.isoformat()})):
    body = {"productName": name, "productDescription": text, "productPrice": price, "productStock": stock, "perUserLimit": 1, **more}
    urllib.request.urlopen(urllib.request.Request(url + "/api/products", json.dumps(body).encode(),
                           {"Content-Type": "application/json", "Authorization": "Bearer " + token}), timeout=30).read()
END
  echo "The shop is open: $url in a browser. Ctrl-C closes it."
  echo "The merchant's console: $url/console as admin@demo.example / $(cat "$data/password")"
  wait "$shop" || true
fi
exit "$status"
