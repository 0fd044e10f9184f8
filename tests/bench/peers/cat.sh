#!/bin/sh
# As a CGI program: the request's body is the answer.
printf 'Content-Type: application/json\r\nContent-Length: %s\r\n\r\n' "$CONTENT_LENGTH"
exec cat
