# Each contract, here and in the files after this, is three steps, so that a handler may be waited for in between: what
# the handler is called with, what becomes of its value, and what of its exception. The last two give a frame's header
# and body.


class _WebEvent(dict):
    """A web function's event: it has `http`, as at DigitalOcean, beside OpenWhisk's names. That is not among its members,
    so that a function which answers what it was given answers that alone."""

    def _http(self):
        http = {
            "headers": self.get("__ow_headers", {}),
            "method": str(self["__ow_method"]).upper(),
            "path": self.get("__ow_path", ""),
        }
        if "__ow_query" in self:
            kind = str(http["headers"].get("content-type", "")).lower()
            body = self.get("__ow_body", "")
            encoded = kind.startswith("application/json") or not _is_text(kind)
            http.update(queryString=self["__ow_query"], body=body, isBase64Encoded=body != "" and encoded)
        return http

    def __missing__(self, key):
        if key != "http":
            raise KeyError(key)
        return self._http()

    def __contains__(self, key):
        return key == "http" or dict.__contains__(self, key)

    def get(self, key, default=None):
        return self._http() if key == "http" and not dict.__contains__(self, key) else dict.get(self, key, default)


def _is_text(kind):
    """As in web.rs: what is no text comes in base64."""
    kind = kind.split(";")[0].strip()
    parts = ("json", "xml", "javascript", "urlencoded", "graphql", "yaml")
    return kind == "" or kind.startswith("text/") or any(part in kind for part in parts)


class _Openwhisk:
    """OpenWhisk: main(args) or main(args, context) gives a dictionary or a list."""

    def arguments(self, header, body):
        _set_run_environment(header)
        args = _scan(str(body, "utf-8").strip(), 0)[0]
        if _defaults:
            args = {**_scan(_defaults.strip(), 0)[0], **args}
        if "__ow_method" in args:
            args = _WebEvent(args)
        if _takes == 1:
            return (args,)
        return () if _takes == 0 else (args, Context(header))

    def answer(self, run, value):
        if not isinstance(value, (dict, list, tuple)):
            return self._say(run, "developer", {"error": "The action did not return a dictionary or array."})
        if isinstance(value, dict) and "error" in value:
            return self._say(run, "error", {"error": value["error"]})
        return self._say(run, "ok", value)

    def failure(self, run, error):
        return self._say(run, "error", {"error": _message(error)})

    @staticmethod
    def _say(run, outcome, value):
        return '{"id":"%s","outcome":"%s"}' % (run.id, outcome), _dumps(value)
