#!/usr/bin/env bash
# Installs what is missing, by Debian package name: tools/setup.sh build|test|split|simulation|fuzz-api|web|web-test|bench|locks|loadtest|lint ...
# Asks for nothing when all is there. Needs root or sudo only when something is missing.
set -euo pipefail

# The first of several names that this distribution has (Debian 12, Debian 13, Ubuntu 24.04 differ).
first_of() {
  for name in "$@"; do
    # not `| grep -q`, which may end before apt-cache has written all, and the pipe fails with it
    if [[ $(apt-cache policy "$name" 2>/dev/null) =~ Candidate:\ [0-9] ]]; then echo "$name"; return; fi
  done
  echo "$1"
}
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
boost() { installed libboost1.81-dev && echo libboost1.81-dev || first_of libboost1.81-dev libboost1.83-dev libboost-dev; }
# The version of clang: one that is installed, else one that this distribution has.
clang_version() {
  for v in 16 18 19; do installed "clang-$v" && { echo "$v"; return; }; done
  first_of clang-16 clang-18 clang-19 | sed 's/clang-//'
}
# Java, any version from 17 on.
java_package() {
  for v in 17 21 25; do installed "openjdk-$v-jdk-headless" && { echo "openjdk-$v-jdk-headless"; return; }; done
  echo default-jdk-headless
}

wanted=()
for group in "$@"; do
  case "$group" in
    build) wanted+=(g++ make cmake ninja-build ccache mold pkg-config python3 ca-certificates
             "$(boost)" libsqlite3-dev libssl-dev libsodium-dev libspdlog-dev libfmt-dev
             libtomlplusplus-dev libcli11-dev libsoci-dev libmariadb-dev libhiredis-dev
             libhowardhinnant-date-dev tzdata) ;;
    test) version=$(clang_version); wanted+=(libgtest-dev mariadb-server redis-server nginx-light faketime openssl prometheus mtail "clang-$version"
            "libclang-rt-$version-dev") ;;
    split) wanted+=(python3 mariadb-server redis-server nginx-light) ;;
    simulation) wanted+=(libmimalloc-dev patch) ;;
    fuzz-api) wanted+=(python3-venv) ;;
    # Node.js from elsewhere brings its own npm, which Debian's would not go beside.
    web) command -v node >/dev/null || wanted+=(nodejs); command -v npm >/dev/null || wanted+=(npm) ;;
    web-test) wanted+=(chromium fonts-noto-cjk) ;;
    bench) wanted+=(wrk nginx-light) ;;
    locks) wanted+=(wrk mariadb-server mariadb-client redis-server python3 python3-matplotlib) ;;
    loadtest) wanted+=(python3 nginx-light maven "$(java_package)") ;;
    lint) version=$(clang_version); wanted+=("clang-tidy-$version" "clang-format-$version") ;;
    *) echo "tools/setup.sh: no group '$group' (build, test, split, simulation, fuzz-api, web, web-test, bench, locks, loadtest, lint)" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "missing packages: ${missing[*]}; install them as root" >&2; exit 1; }
  sudo=(sudo)
fi
# Names were chosen without a package list when there was none yet: read it, then choose again.
if [ -z "${SETUP_UPDATED:-}" ]; then
  echo "installing what is missing: ${missing[*]}"
  "${sudo[@]}" apt-get update -q >/dev/null
  SETUP_UPDATED=1 exec "$0" "$@"
fi
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
