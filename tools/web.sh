#!/usr/bin/env bash
# Builds the pages: web/dist from web/. Quick when nothing changed; installs npm packages as web/package-lock.json
# names them, and nothing else. web.sh packages: only those.
set -euo pipefail
cd "$(dirname "$0")/../web"

is_newer() { # FILE than every source
  [ -e "$1" ] && [ -z "$(find . \( -path ./node_modules -o -path ./dist -o -path ./e2e -o -name '*.test.*' \) -prune -o -type f -newer "$1" -print -quit)" ]
}
[ "${1:-}" != packages ] && is_newer dist/index.html && exit 0

../tools/setup.sh web
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || { cat npm.log; rm -f npm.log; exit 1; }
  rm -f npm.log
  touch node_modules/.package-lock.json
fi
[ "${1:-}" = packages ] && exit 0
npm run --silent build >build.log 2>&1 || { cat build.log; rm -f build.log; exit 1; }
rm -f build.log
touch dist/index.html
