def _wsgi(header, body):
    """The request as WSGI servers tell of it: texts have a character for each byte, which the headers' values do."""
    from urllib.parse import unquote_to_bytes

    query = header["query"].encode().decode("latin-1")
    environ = {
        "REQUEST_METHOD": header["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(header["path"]).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",  # for a request that names no host
        "SERVER_PORT": "5000",  # the templates'
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",  # the watchdog's
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": _shared,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in header["headers"]:
        # With `_` it would pass for the one with `-`, and the body has come whole; WSGI servers leave both out, too.
        if "_" in name or name == "transfer-encoding":
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        if key in environ:
            value = environ[key] + ("; " if name == "cookie" else ", ") + value
        environ[key] = value
    if body or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


# Flask's context of the request. A variable of the context as Flask's own are: each thread and task has its run's.
_view = contextvars.ContextVar("beckon_view", default=None)

# Exceptions that are answers: werkzeug's, where the function uses Flask.
_answers = ()


class _InView:
    """Around an OpenFaaS contract, for a function that imports Flask: the templates call the handler in a view, so that
    it has a request, an application and abort()."""

    def __init__(self, contract):
        global _answers
        from werkzeug.exceptions import HTTPException

        folder = _setup["code"]
        self._contract = contract
        self._app = sys.modules["flask"].Flask(
            "index", root_path=folder, instance_path=os.path.join(folder, "instance"), static_folder=None
        )
        for rule, defaults in (("/", {"path": ""}), ("/<path:path>", None)):
            self._app.url_map.add(self._app.url_rule_class(rule, endpoint=contract.view, defaults=defaults))
        _answers = (HTTPException,)

    def arguments(self, header, body):
        context = self._app.request_context(_wsgi(header, body))
        context.push()
        _view.set(context)
        return self._contract.arguments(header, body)

    def answer(self, run, value):
        made = self._made(run, value)  # in the context still: an iterator's pieces may need it
        self._leave(None)
        return made

    def failure(self, run, error):
        self._leave(error)
        return self._contract.failure(run, error)

    def _made(self, run, value):
        several = isinstance(value, tuple) and len(value) > 1
        response = value[0] if several else value
        if not callable(response):  # as responses and werkzeug's exceptions are: WSGI applications
            return self._contract.answer(run, value)
        response = self._app.make_response(response)
        try:
            response.direct_passthrough = False  # or else a file is not to be read
            response.headers = response.get_wsgi_headers(_view.get().request.environ)
            return self._contract.answer(run, (response, *value[1:]) if several else response)
        finally:
            response.close()

    @staticmethod
    def _leave(error):
        context = _view.get()
        if context is None:  # it could not be made
            return
        _view.set(None)
        try:
            context.pop(error)
        except Exception as problem:  # of what the handler wanted done at the end; there is an answer all the same
            _print_exception(problem)
