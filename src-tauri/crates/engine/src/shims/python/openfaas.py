def _convert(value, default, type):
    if type is None:
        return value
    try:
        return type(value)
    except (ValueError, TypeError):
        return default


class Headers:
    """A request's headers, read as werkzeug's are: names in any case, iterated as pairs, repeated ones as lists."""

    def __init__(self, pairs):
        self._given = pairs

    def __getattr__(self, name):
        """Each of the two forms is made when it is asked for: most functions look at no header."""
        if name == "_pairs":
            made = [("-".join(part.capitalize() for part in name.split("-")), value) for name, value in self._given]
        elif name == "_first":
            made = {}
            for key, value in self._given:
                key = key.lower()
                made[key] = made[key] + "," + value if key in made else value
        else:
            raise AttributeError("'Headers' object has no attribute %r" % name)
        setattr(self, name, made)
        return made

    def __getitem__(self, name):
        return self._first[name.lower()]

    def get(self, name, default=None, type=None):
        value = self._first.get(name.lower())
        return default if value is None else _convert(value, default, type)

    def getlist(self, name, type=None):
        name = name.lower()
        values = (value for key, value in self._pairs if key.lower() == name)
        return [value for value in (_convert(value, None, type) for value in values) if value is not None]

    get_all = getlist

    def __contains__(self, name):
        return isinstance(name, str) and name.lower() in self._first

    def __iter__(self):
        return iter(self._pairs)

    def __len__(self):
        return len(self._pairs)

    def keys(self, lower=False):
        return [name.lower() if lower else name for name, _ in self._pairs]

    def values(self):
        return [value for _, value in self._pairs]

    def items(self, lower=False):
        return [(name.lower() if lower else name, value) for name, value in self._pairs]

    def to_wsgi_list(self):
        return list(self._pairs)

    def __str__(self):
        return "".join("%s: %s\r\n" % pair for pair in self._pairs) + "\r\n"

    def __repr__(self):
        return "Headers(%r)" % (self._pairs,)


class MultiDict(dict):
    """Query parameters, read as werkzeug's are: the first value of each name, all of them with getlist."""

    def __init__(self, pairs):
        self._lists = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)
        super().__init__((name, values[0]) for name, values in self._lists.items())

    def get(self, key, default=None, type=None):
        if key not in self:
            return default
        return _convert(self[key], default, type)

    def getlist(self, key, type=None):
        values = (_convert(value, None, type) for value in self._lists.get(key, ()))
        return [value for value in values if value is not None]

    def items(self, multi=False):
        if multi:
            return [(name, value) for name, values in self._lists.items() for value in values]
        return super().items()

    def lists(self):
        return [(name, list(values)) for name, values in self._lists.items()]

    def listvalues(self):
        return [list(values) for values in self._lists.values()]

    def to_dict(self, flat=True):
        return dict(super().items()) if flat else dict(self.lists())


class Request:
    """What python3-http calls the event and Spaces the request."""

    def __init__(self, header, body):
        self.body = bytes(body)
        self.headers = Headers(header["headers"])
        self.method = header["method"]
        query, path = header["query"], header["path"]
        if query or "%" in path:
            from urllib.parse import parse_qsl, unquote

            self.query = MultiDict(parse_qsl(query, keep_blank_values=True) if query else ())
            self.path = unquote(path)
        else:
            self.query = MultiDict(())
            self.path = path


class HostContext:
    """The second argument of python3-http."""

    def __init__(self):
        self.hostname = os.getenv("HOSTNAME", "localhost")


_SERVER_ERROR = (
    b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
    b"<p>The server encountered an internal error and was unable to complete your request. Either the server is "
    b"overloaded or there is an error in the application.</p>\n"
)


_encode_sorted = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


def _flask_json(value):
    return _encode_sorted(value).encode() + b"\n"


def _flask_response(run, value):
    """What Flask makes of a view's return value: text, bytes, a dictionary or list as JSON, an iterator of pieces, a
    response, or a tuple of one of these with status, headers or both."""
    status, headers = None, []
    if isinstance(value, tuple):
        if len(value) == 3:
            value, status, headers = value
        elif len(value) == 2 and (isinstance(value[1], (dict, list, tuple)) or hasattr(value[1], "items")):
            value, headers = value
        elif len(value) == 2:
            value, status = value
        else:
            raise TypeError("The function did not return a valid response tuple: (body, status, headers).")
        headers = _pairs(headers)
    if isinstance(status, str):  # `404 Not Found`
        status = status.split(" ", 1)[0]
    if hasattr(value, "get_data") and hasattr(value, "status_code"):
        own = [pair for pair in value.headers if not _has(headers, pair[0].lower())]
        return _response(run, value.status_code if status is None else status, own + headers, value.get_data())
    usual = _HTML
    if isinstance(value, str):
        body = value.encode("utf-8", "replace")
    elif isinstance(value, (bytes, bytearray)):
        body = bytes(value)
    elif isinstance(value, (dict, list)):
        body, usual = _flask_json(value), _JSON
    elif hasattr(value, "__next__"):
        body = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in value)
    else:
        raise TypeError(
            "The function did not return a valid response: it must be a string, bytes, a dictionary, a list, a tuple "
            "or a response, not %s." % type(value).__name__
        )
    if not _has(headers, "content-type"):
        headers = headers + [usual]
    return _response(run, 200 if status is None else status, headers, body)


class _Openfaas:
    """OpenFaaS' python3-http: handle(event, context) gives {statusCode, body, headers} or what Flask views return."""

    view = "call_handler"  # what the template calls it

    def arguments(self, header, body):
        if _takes == 0:
            return ()
        event = Request(header, body)
        return (event,) if _takes == 1 else (event, HostContext())

    def answer(self, run, value):
        if value is None:
            return _response(run, 200, [_HTML], b"")
        if type(value) is not dict:
            return _flask_response(run, value)
        headers = _pairs(value.get("headers"))
        body = value.get("body", "")
        if isinstance(body, (dict, list)):
            body = _flask_json(body)
            usual = _JSON
        else:
            body = bytes(body) if isinstance(body, (bytes, bytearray)) else str(body).encode("utf-8", "replace")
            usual = _HTML
        if not _has(headers, "content-type"):
            headers.append(usual)
        return _response(run, value.get("statusCode", 200), headers, body)

    def failure(self, run, error):
        return _response(run, 500, [_HTML], _SERVER_ERROR)


class _OpenfaasFlask(_Openfaas):
    """OpenFaaS' python3-flask: handle(req) takes the body and gives what Flask views return."""

    view = "main_route"

    def arguments(self, header, body):
        if os.getenv("RAW_BODY", "false").lower() in ("true", "1"):
            return (bytes(body),)
        return (str(body, "utf-8", "replace"),)

    def answer(self, run, value):
        return _flask_response(run, value)
