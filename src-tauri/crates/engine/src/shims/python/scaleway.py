class _Scaleway:
    """Scaleway: handle(event, context), an API gateway's event and answer."""

    def arguments(self, header, body):
        from urllib.parse import parse_qsl

        headers = {}
        for name, value in header["headers"]:
            headers[name] = headers[name] + "," + value if name in headers else value
        try:
            text, binary = str(body, "utf-8"), False
        except UnicodeDecodeError:
            import base64

            text, binary = base64.b64encode(body).decode(), True
        query = header["query"]
        event = {
            "path": header["path"],
            "httpMethod": header["method"],
            "headers": headers,
            "multiValueHeaders": None,
            "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": {},
            "requestContext": {
                "accountId": "",
                "resourceId": "",
                "stage": "",
                "requestId": header["id"],
                "resourcePath": "",
                "authorizer": None,
                "httpMethod": header["method"],
                "apiId": "",
            },
            "body": text,
            "isBase64Encoded": binary,
        }
        context = {
            "memoryLimitInMb": _setup["memoryMb"],
            "functionName": _setup["functionName"],
            "functionVersion": _setup["functionVersion"],
        }
        return (event, context)[:_takes]

    def answer(self, run, value):
        if value is None:
            return _response(run, 200, [], b"")
        if isinstance(value, (bytes, bytearray)):
            return _response(run, 200, [_BYTES], bytes(value))
        if not isinstance(value, (dict, list)):
            return _response(run, 200, [_PLAIN], str(value).encode("utf-8", "replace"))
        if isinstance(value, list) or not ("body" in value or "statusCode" in value):
            return _response(run, 200, [_JSON], _dumps(value))
        headers = _pairs(value.get("headers"))
        status, body = value.get("statusCode", 200), value.get("body")
        if body is None:
            body = b""
        elif isinstance(body, (bytes, bytearray)):
            body = bytes(body)
        elif not isinstance(body, str):
            body = _dumps(body)
            if not _has(headers, "content-type"):
                headers.append(_JSON)
        elif value.get("isBase64Encoded") is True:
            import base64

            body = base64.b64decode(body)
        else:
            body = body.encode("utf-8", "replace")
            if not _has(headers, "content-type"):
                headers.append(_PLAIN)
        return _response(run, 200 if status is None else status, headers, body)

    def failure(self, run, error):
        text = "An error occured during handler execution: %s" % _message(error)
        return _response(run, 500, [_PLAIN], text.encode("utf-8", "replace"))
