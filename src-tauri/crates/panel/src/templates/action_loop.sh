#!/bin/sh
# OpenWhisk's ActionLoop: the process stays. A line of JSON comes for every run, with the arguments under "value", and
# a line of JSON goes back on descriptor 3. What is printed is the log.
while read -r line; do
  name=$(printf '%s' "$line" | sed -n 's/.*"name" *: *"\([^"\\]*\)".*/\1/p')
  echo "Greeting ${name:-stranger}"
  printf '{"message":"Hello %s!"}\n' "${name:-stranger}" >&3
done
