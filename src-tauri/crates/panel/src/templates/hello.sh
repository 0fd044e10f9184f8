#!/bin/sh
# Any executable works: the JSON object that you send is on standard input,
# and the last line printed is the result.
input=$(cat)
name=$(printf '%s' "$input" | sed -n 's/.*"name" *: *"\([A-Za-z0-9 _-]*\)".*/\1/p')
echo "Greeting ${name:-stranger}"
printf '{"body": "Hello %s!"}\n' "${name:-stranger}"
