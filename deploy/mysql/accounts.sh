#!/bin/sh
# Makes the databases of a shop and one account per role, which has rights in its own databases only. May be run
# again at any time: what exists is kept, passwords become those given here.
#
#   DATABASE_HOST, DATABASE_PORT (3306), or DATABASE_SOCKET    the server, asked as root
#   MYSQL_PWD                                                  root's password
#   DATABASE_PREFIX (buyme)                                    what the names begin with, accounts' names, too
#   PASSWORD_USER, PASSWORD_PRODUCT, PASSWORD_ORDER, PASSWORD_PAYMENT, PASSWORD_OPERATOR   letters and digits
#
# The order service reads all databases: it serves the audit. The operator's account is for `buyme admin` and
# `buyme audit`.
set -eu
prefix=${DATABASE_PREFIX:-buyme}
if [ -n "${DATABASE_SOCKET:-}" ]; then
  server="--socket=$DATABASE_SOCKET"
else
  server="--host=$DATABASE_HOST --port=${DATABASE_PORT:-3306} --protocol=tcp"
fi
client=$(command -v mysql || command -v mariadb)
root() { "$client" --no-defaults --user=root $server "$@"; }

plain() { # NAME VALUE
  case $2 in
    '' | *[!A-Za-z0-9_]*) echo "accounts.sh: $1 must be letters and digits" >&2; exit 2 ;;
  esac
}
plain DATABASE_PREFIX "$prefix"
plain PASSWORD_USER "$PASSWORD_USER"
plain PASSWORD_PRODUCT "$PASSWORD_PRODUCT"
plain PASSWORD_ORDER "$PASSWORD_ORDER"
plain PASSWORD_PAYMENT "$PASSWORD_PAYMENT"
plain PASSWORD_OPERATOR "$PASSWORD_OPERATOR"

tries=0
until root --execute='SELECT 1' >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 120 ] || { root --execute='SELECT 1' >/dev/null; exit 1; }
  sleep 1
done

database() { # SERVICE
  echo "CREATE DATABASE IF NOT EXISTS \`${prefix}_$1\` CHARACTER SET utf8mb4;"
}
account() { # NAME PASSWORD
  echo "CREATE USER IF NOT EXISTS '${prefix}_$1'@'%' IDENTIFIED BY '$2';"
  echo "ALTER USER '${prefix}_$1'@'%' IDENTIFIED BY '$2';"
}
grant() { # RIGHTS SERVICE ACCOUNT; in a grant _ stands for any letter unless it is escaped
  echo "GRANT $1 ON \`$(echo "${prefix}_$2" | sed 's/_/\\_/g')\`.* TO '${prefix}_$3'@'%';"
}
{
  for service in user product order payment provider; do database "$service"; done
  account user "$PASSWORD_USER"; grant ALL user user
  account product "$PASSWORD_PRODUCT"; grant ALL product product
  account order "$PASSWORD_ORDER"; grant ALL order order
  account payment "$PASSWORD_PAYMENT"; grant ALL payment payment; grant ALL provider payment
  for service in user product payment provider; do grant SELECT "$service" order; done
  account operator "$PASSWORD_OPERATOR"
  for service in user product order payment provider; do grant ALL "$service" operator; done
} | root
