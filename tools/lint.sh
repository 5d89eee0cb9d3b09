#!/usr/bin/env bash
# clang-tidy over our sources with the options of the dev build. tools/lint.sh CLANG_VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
# clang cannot read g++'s precompiled header: the same commands without it
mkdir -p build/lint
sed -E 's/ -include [^ ]*cmake_pch\.hxx//g; s/ -Winvalid-pch//g; s/-fpch-preprocess//g; s/-Wno-(maybe-uninitialized|restrict|stringop-overflow|stringop-overread|dangling-pointer|mismatched-new-delete)//g' \
  build/dev/compile_commands.json >build/lint/compile_commands.json
cmake --build --preset dev --target buyme_order >/dev/null 2>&1 || true # generated headers
git ls-files 'src/*.cpp' | grep -v -e '_test\.cpp$' -e boost_impl |
  xargs -P "$(nproc)" -n 4 "clang-tidy-${1:-16}" --quiet -p build/lint --extra-arg=-Wno-unknown-warning-option
