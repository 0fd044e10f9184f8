#!/bin/sh
# OpenFaaS, classic watchdog: this program starts for every request. The body is on standard input, the request is
# in Http_* variables, and what is printed is the answer. An exit code other than 0 is a 500.
input=$(cat)
name=$(printf '%s' "$input" | sed -n 's/.*"name" *: *"\([A-Za-z0-9 _-]*\)".*/\1/p')
echo "Greeting ${name:-stranger} over $Http_Method" >&2
printf '{"message": "Hello %s!"}\n' "${name:-stranger}"
