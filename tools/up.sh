#!/usr/bin/env bash
# Starts the shop of deploy/compose.yaml: up.sh up|down. Writes deploy/.env with random secrets when it is missing.
# DEBIAN_MIRROR, JOBS and CCACHE_REMOTE_STORAGE go to the images' builds (deploy/Dockerfile); PROFILE=observability adds Prometheus and Grafana.
set -euo pipefail
cd "$(dirname "$0")/../deploy"

compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"
  elif command -v docker-compose >/dev/null; then docker-compose "$@"
  else echo "neither docker compose nor docker-compose is installed" >&2; exit 1; fi
}
word() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
# One secret a line; those that are there stay, so that a newer version may ask for more.
write_secrets() {
  [ -e .env ] || { (umask 077; echo "# Secrets of this shop, made by tools/up.sh. Keep a copy: see docs/operations.md." >.env); }
  for name in ROOT_PASSWORD PASSWORD_USER PASSWORD_PRODUCT PASSWORD_ORDER PASSWORD_PAYMENT PASSWORD_OPERATOR \
    REDIS_PASSWORD GRAFANA_PASSWORD OPERATOR_TOKEN TOKEN_KEY CREDENTIAL; do
    grep -q "^SHOP_$name=" .env || echo "SHOP_$name=$(word 32)" >>.env
  done
}
profile=()
[ -z "${PROFILE:-}" ] || profile=(--profile "$PROFILE")

case "${1:-}" in
  up)
    write_secrets
    version=$(sed -n 's/^SHOP_VERSION=//p' .env); version=${SHOP_VERSION:-${version:-local}}
    docker build -t "buyme:$version" --build-arg "DEBIAN_MIRROR=${DEBIAN_MIRROR:-}" --build-arg "JOBS=${JOBS:-}" \
      --build-arg "CCACHE_REMOTE_STORAGE=${CCACHE_REMOTE_STORAGE:-}" -f Dockerfile ..
    [ "${PROFILE:-}" != observability ] ||
      docker build -t "buyme-mtail:$version" --build-arg "DEBIAN_MIRROR=${DEBIAN_MIRROR:-}" -f Dockerfile.mtail ..
    compose "${profile[@]}" up -d
    port=${SHOP_PORT:-$(sed -n 's/^SHOP_PORT=//p' .env)}; port=${port:-8080}
    for _ in $(seq 180); do
      ./healthy.sh "$port" /readyz 2>/dev/null && break
      sleep 1
    done
    if ! ./healthy.sh "$port" /readyz 2>/dev/null; then
      compose ps; compose logs --tail 20
      echo "the shop is not ready; its logs are above" >&2
      exit 1
    fi
    echo "The shop is open at http://localhost:$port. An admin:"
    echo "  echo PASSWORD | docker compose -f deploy/compose.yaml run --rm -T operator admin create --email E-MAIL --password-stdin"
    ;;
  down) [ -e .env ] || exit 0; compose --profile observability down ;;
  *) echo "tools/up.sh up|down" >&2; exit 2 ;;
esac
