# What handlers give, made into what is sent.

async def _wait(value):
    return await value


def _waited(value):
    """The value of an awaitable, waited for on the worker's one event loop."""
    global _loop
    import asyncio

    if _shared:
        with _lock:
            if _loop is None:
                _loop = contextvars.Context().run(asyncio.new_event_loop)
                threading.Thread(target=_loop.run_forever, name="event loop", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(_wait(value), _loop).result()
    if _loop is None:  # one loop for the worker's life, so that open connections survive from run to run
        # It keeps the context that it is made in, which would be this run's.
        _loop = contextvars.Context().run(asyncio.new_event_loop)
        asyncio.set_event_loop(_loop)
    return _loop.run_until_complete(_wait(value))


def _result(value):
    if type(value) is dict or type(value) is str or value is None or not inspect.isawaitable(value):
        return value
    return _waited(value)


def _dumps(value):
    return _encode(value).encode("utf-8", "replace")


def _message(error):
    try:
        return str(error)
    except Exception:
        return type(error).__name__


_JSON = ("content-type", "application/json")
_PLAIN = ("content-type", "text/plain; charset=utf-8")
_HTML = ("content-type", "text/html; charset=utf-8")
_BYTES = ("content-type", "application/octet-stream")
_ENCODED = {id(header): _encode([header]) for header in (_JSON, _PLAIN, _HTML, _BYTES)}


def _response(run, status, headers, body):
    """A response's frame. Header values that are lists are repeated headers."""
    if type(status) is not int or not 100 <= status <= 999:
        try:
            status = int(status)
        except (TypeError, ValueError):
            status = 500
        if not 100 <= status <= 999:
            status = 500
    encoded = _ENCODED.get(id(headers[0])) if len(headers) == 1 else None
    if encoded is None:
        pairs = []
        for name, value in headers:
            for each in value if isinstance(value, (list, tuple)) else (value,):
                if each is not None:
                    pairs.append((str(name).lower(), str(each)))
        encoded = _encode(pairs)
    return '{"id":"%s","outcome":"ok","status":%d,"headers":%s}' % (run.id, status, encoded), body


def _pairs(headers):
    """Headers as a mapping or as pairs."""
    if not headers:
        return []
    if hasattr(headers, "items"):
        return list(headers.items())
    return [(name, value) for name, value in headers]


def _has(pairs, name):
    return any(str(key).lower() == name for key, _ in pairs)
