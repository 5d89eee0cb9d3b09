#!/bin/bash
# healthy.sh PORT [PATH]: whether the server in this container answers GET PATH (/readyz) with 200. No image of
# the shop has curl.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "${2:-/readyz}" >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]
