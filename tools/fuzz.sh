#!/usr/bin/env bash
# Runs each fuzz target for a while from the committed corpus; new finds stay in build/. tools/fuzz.sh SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."
passed=0
for target in build/fuzz/tests/fuzz/fuzz_*; do
  [ -x "$target" ] && [ -f "$target" ] || continue
  name=$(basename "$target")
  corpus=tests/fuzz/corpus/${name#fuzz_}
  finds=build/fuzz/finds/$name
  mkdir -p "$finds"
  seeds=(); [ -d "$corpus" ] && seeds=("$corpus")
  "$target" -max_total_time="${1:-20}" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$finds/crash-" "$finds" "${seeds[@]}" 2>&1 | grep -E 'stat::number_of_executed_units|ERROR|SUMMARY' || true
  [ "${PIPESTATUS[0]}" -eq 0 ] || { echo "fuzz: $name failed, see $finds"; exit 1; }
  passed=$((passed + 1))
  echo "fuzz: $name found nothing in ${1:-20} s"
done
[ "$passed" -gt 0 ] || { echo "fuzz: no target was built"; exit 1; }
