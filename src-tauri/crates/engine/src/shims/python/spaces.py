class _Spaces:
    """Spaces: handle(req) gives {status_code, body, headers}; an exception is told with its place."""

    def arguments(self, header, body):
        return () if _takes == 0 else (Request(header, body),)

    def answer(self, run, value):
        if value is None:
            return _response(run, 200, [], b"")
        described = isinstance(value, dict) and any(
            key in value for key in ("status_code", "statusCode", "body", "headers")
        )
        if not described:
            value = {"body": value}
        headers = _pairs(value.get("headers"))
        status = value.get("status_code")
        if status is None:
            status = value.get("statusCode")
        body, usual = value.get("body"), None
        if body is None:
            body = b""
        elif isinstance(body, (bytes, bytearray)):
            body, usual = bytes(body), _BYTES
        elif isinstance(body, str):
            body, usual = body.encode("utf-8", "replace"), _PLAIN
        elif isinstance(body, (dict, list, tuple)):
            body, usual = _dumps(body), _JSON
        else:
            body, usual = str(body).encode("utf-8", "replace"), _PLAIN
        if usual and not _has(headers, "content-type"):
            headers.append(usual)
        return _response(run, 200 if status is None else status, headers, body)

    def failure(self, run, error):
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename.startswith(_setup["code"])]
        # The place that the user knows: the last of the function's own lines, not that of a library.
        place = own[-1] if own else (frames[-1] if frames else None)
        number = place.lineno if place else 0
        name, info = type(error).__name__, _message(error)
        envelope = {
            "error": {
                "status": 500,
                "message": "%s at line %d: %s" % (name, number, info),
                "details": {
                    "exception_type": name,
                    "exception_info": info,
                    "exception_line_code": (place.line or "") if place else "",
                    "exception_line_number": number,
                },
            }
        }
        return _response(run, 500, [_JSON], _dumps(envelope))
