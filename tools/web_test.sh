#!/usr/bin/env bash
# The tests of the pages: web_test.sh [BUYME], the program that serves them (build/release/buyme). Parts in jsdom, then
# the whole in Chromium against a shop that is started for it.
set -euo pipefail
cd "$(dirname "$0")/.."
BUYME=$(realpath "${1:-build/release/buyme}"); export BUYME
tools/setup.sh web web-test
tools/web.sh packages
tools/web.sh
cd web
npm test --silent
exec npm run --silent e2e
