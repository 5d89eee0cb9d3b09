#!/usr/bin/env bash
# The same seed must be the same sale in every build: tools/compare_builds.sh SIMULATE SIMULATE [SEEDS]
# Exit 1 with the seeds whose traces differ. What is undefined or depends on an address shows up here.
set -euo pipefail

seeds=${3:-200}
hashes() { "$1" --from 1 --seeds "$seeds" --jobs "$(nproc)" --hashes --quiet 2>/dev/null | grep -E '^[0-9]+ [0-9a-f]{16}$' | sort -n; }

first=$(mktemp) second=$(mktemp)
trap 'rm -f "$first" "$second"' EXIT
hashes "$1" >"$first"
hashes "$2" >"$second"
if [ "$(wc -l <"$first")" -ne "$seeds" ]; then
  echo "$1 lived through $(wc -l <"$first") of $seeds sales" >&2
  exit 1
fi
if ! differing=$(diff "$first" "$second"); then
  printf '%s and %s disagree on a sale:\n%s\n' "$1" "$2" "$differing" >&2
  exit 1
fi
echo "$seeds passed, 0 failed: the same sales in $1 and $2"
