#!/bin/sh
# OpenFaaS, of-watchdog in streaming mode: this program starts for every request, and what it prints is sent to the
# caller as it is printed. The status is 200 before the first line: a failure later cannot change it.
input=$(cat)
name=$(printf '%s' "$input" | sed -n 's/.*"name" *: *"\([A-Za-z0-9 _-]*\)".*/\1/p')
for count in 3 2 1; do
  echo "$count…"
  sleep 0.2
done
echo "Hello ${name:-stranger}!"
