#!/bin/sh
# OpenFaaS, of-watchdog in serializing mode: this program starts for every request. The body is on standard input;
# what is printed is the answer, sent when the program has ended well.
input=$(cat)
name=$(printf '%s' "$input" | sed -n 's/.*"name" *: *"\([A-Za-z0-9 _-]*\)".*/\1/p')
echo "Greeting ${name:-stranger}" >&2
printf '{"message": "Hello %s!"}\n' "${name:-stranger}"
