#!/bin/sh
# Starts the gateway: nginx with nginx.conf.template, in which the words between @ are put by these variables.
#
#   GATEWAY_USER, GATEWAY_PRODUCT, GATEWAY_ORDER, GATEWAY_PAYMENT   servers of each role: host:port,host:port
#   GATEWAY_LISTEN    address to listen on (8080)
#   GATEWAY_RUN       directory for its files, made when it is missing (/run/gateway)
#   GATEWAY_LOG       where requests are logged (/dev/stdout)
#   GATEWAY_WORKERS   processes (auto)
#   GATEWAY_WEB       directory of the pages for browsers (web/dist), which nginx' workers (of root's nginx: nobody) may
#                     read; none: no pages
#   GATEWAY_BEHIND    networks of load balancers in front, whose X-Forwarded-For is believed: 10.0.0.0/8,...
#
# Needs no root. SIGTERM ends it at once, SIGQUIT when requests are answered, SIGHUP looks host names up anew.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
run=${GATEWAY_RUN:-/run/gateway}

fail() { echo "gateway.sh: $*" >&2; exit 2; }
check() { # NAME VALUE: what could end a directive of nginx has no place in an address
  case $2 in
    '') fail "$1 is empty" ;;
    *[!][A-Za-z0-9._:,/-]*) fail "$1: \"$2\" is no list of addresses" ;;
  esac
}
servers() { # NAME VALUE
  check "$1" "$2"
  echo "$2" | tr ',' '\n' | sed 's/.*/    server & max_fails=5 fail_timeout=2s;/'
}
behind() {
  [ -n "${GATEWAY_BEHIND:-}" ] || return 0
  check GATEWAY_BEHIND "$GATEWAY_BEHIND"
  echo "$GATEWAY_BEHIND" | tr ',' '\n' | sed 's/.*/    set_real_ip_from &;/'
  echo "    real_ip_header X-Forwarded-For;"
  echo "    real_ip_recursive on;"
}
pages() {
  [ -n "${GATEWAY_WEB:-}" ] || return 0
  check GATEWAY_WEB "$GATEWAY_WEB"
  [ -f "$GATEWAY_WEB/index.html" ] || fail "GATEWAY_WEB: there are no pages in $GATEWAY_WEB"
  sed "s|@WEB@|$GATEWAY_WEB|g" "$here/pages.conf.template"
}
# The file with each @WORD@ of a line of its own replaced by a file's lines, the others by a word.
mkdir -p "$run"
servers GATEWAY_USER "${GATEWAY_USER:-}" >"$run/user.servers"
servers GATEWAY_PRODUCT "${GATEWAY_PRODUCT:-}" >"$run/product.servers"
servers GATEWAY_ORDER "${GATEWAY_ORDER:-}" >"$run/order.servers"
servers GATEWAY_PAYMENT "${GATEWAY_PAYMENT:-}" >"$run/payment.servers"
behind >"$run/behind"
pages >"$run/pages"
listen=${GATEWAY_LISTEN:-8080}; check GATEWAY_LISTEN "$listen"
log=${GATEWAY_LOG:-/dev/stdout}; check GATEWAY_LOG "$log"
workers=${GATEWAY_WORKERS:-auto}; check GATEWAY_WORKERS "$workers"
account=
if [ "$(id -u)" -eq 0 ]; then
  account="user nobody nogroup;"
  chmod 711 "$run"  # the workers are nobody
fi
sed -e "s|^@USER@|$account|" -e "s|@WORKERS@|$workers|" -e "s|@LOG@|$log|" -e "s|@LISTEN@|$listen|" \
  -e "/^@USER_SERVERS@/{r $run/user.servers
d}" -e "/^@PRODUCT_SERVERS@/{r $run/product.servers
d}" -e "/^@ORDER_SERVERS@/{r $run/order.servers
d}" -e "/^@PAYMENT_SERVERS@/{r $run/payment.servers
d}" -e "/^@PAGES@/{r $run/pages
d}" -e "/^@BEHIND@/{r $run/behind
d}" "$here/nginx.conf.template" >"$run/nginx.conf"

# Ten thousand buyers are twice as many sockets; less is better than not to start.
ulimit -S -n 65536 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
PATH=$PATH:/usr/sbin
exec nginx -p "$run" -e stderr -c "$run/nginx.conf"
