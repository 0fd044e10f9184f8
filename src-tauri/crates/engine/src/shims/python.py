"""Runs inside the worker: takes framed messages on descriptor 3, answers on descriptor 4, and calls the function.

Frame (frame.rs): u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw).
Little-endian.

A worker for one run at a time calls the function on the main thread: one read and one write a run. A worker for
several has as many threads as runs it may have, of which one reads at a time and then calls what it has read itself,
so that no run is handed from thread to thread; the next one reads meanwhile, unless the calls are quick. A handler
that is a coroutine function runs on one event loop instead, which does the reading too.
"""
import sys

sys.path.pop(0)  # this file's own folder is none of the function's business
del __file__  # or else multiprocessing's spawned children would run this file again

import _posixsubprocess
import contextvars
import functools
import importlib.machinery
import importlib.util
import inspect
import io
import json
import os
import struct
import threading
import time
import traceback

HELLO, READY, INIT, RUN, RESULT, LOG, ERROR = 1, 2, 3, 4, 5, 6, 7
LOG_CHUNK = 128 * 1024

os.set_inheritable(3, False)
os.set_inheritable(4, False)

_chmod = os.chmod


class _ChmodOpen:
    """os.chmod by a descriptor: by their paths a confined process may change the modes of no files (filter.rs).

    No function: pathlib before Python 3.11 keeps it in a class, where a function would be a method.
    """

    __name__ = "chmod"
    __doc__ = _chmod.__doc__

    def __call__(self, path, mode, *, dir_fd=None, follow_symlinks=True):
        if isinstance(path, int):
            return _chmod(path, mode)
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_symlinks else os.O_NOFOLLOW)
        try:
            descriptor = os.open(path, flags, dir_fd=dir_fd)
        except FileNotFoundError:
            raise
        except OSError:  # a socket, say, or what may not be read
            return _chmod(path, mode, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        try:
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)


os.chmod = _ChmodOpen()
for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
    if _chmod in known:
        known.add(os.chmod)
del known

_lock = threading.Lock()
_pid = os.getpid()
_current = None  # the run in progress; of several, the one that began last
_running = contextvars.ContextVar("beckon_run", default=None)
_shared = False

# Kept apart from what the function may replace in the modules, and prepared: json.loads looks at its options each time.
_frame_head = struct.Struct("<IBI").pack
_read_head = struct.Struct("<IBI").unpack_from
_clock = time.perf_counter
_scan = json.JSONDecoder().scan_once
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Run:
    """The run that lines belong to while it lasts."""

    __slots__ = ("id", "logs", "sent", "over", "writers")

    def __init__(self, header):
        self.id = header["id"]
        self.logs = header["logs"]
        self.sent = 0
        self.over = False
        self.writers = None  # of a worker with several runs: its own, by stream


def _write(data):
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(4, view):]
        except OSError:
            os._exit(0)  # the engine is gone


def _send(kind, head, body=b""):
    if os.getpid() != _pid:
        os._exit(0)  # a forked child that came back from the function: the answer is its parent's to give
    frame = _frame_head(5 + len(head) + len(body), kind, len(head)) + head
    with _lock:
        if len(body) > 65536:
            _write(frame)
            _write(body)
            return
        frame += body
        try:
            sent = os.write(4, frame)
        except OSError:
            os._exit(0)
        if sent < len(frame):
            _write(frame[sent:])


def _send_header(kind, header, body=b""):
    _send(kind, _encode(header).encode(), body)


class _Frames(io.BufferedIOBase):
    """Turns writes into log frames; what comes while no run lasts is dropped, for its record is closed."""

    def __init__(self, name, fd):
        self._name, self._fd = name, fd
        self.mode = "wb"

    @property
    def name(self):
        return "<%s>" % self._name

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def isatty(self):
        return False

    def close(self):
        """As with node's, nobody can: a run's own writer takes its buffer along when it goes."""

    def write(self, data):
        data = memoryview(data).cast("B")
        size = len(data)
        if os.getpid() != _pid:  # a forked child has no right to the frames
            os.write(self._fd, data)
            return size
        run = (_running.get() or _current) if _shared else _current
        if run is not None and not run.over:
            room = run.logs + 2 - run.sent  # more than the limit and a newline tells the engine that lines are missing
            if room > 0:
                data = data[:room]
                run.sent += len(data)
                head = ('{"id":"%s","stream":"%s"}' % (run.id, self._name)).encode()
                for at in range(0, len(data), LOG_CHUNK):
                    _send(LOG, head, bytes(data[at:at + LOG_CHUNK]))
        return size


class _Lines(io.TextIOBase):
    """Standard output or error of a worker with several runs: each run has a writer of its own, so that half a line of
    one is not glued to half a line of another."""

    def __init__(self, name, fd):
        self._name, self._fd = name, fd
        self._frames = _Frames(name, fd)
        self._common = self._make()
        self.mode = "w"

    def _make(self):
        return io.TextIOWrapper(
            self._frames, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
        )

    def _writer(self):
        run = _running.get()
        if run is None:
            return self._common
        if run.writers is None:
            run.writers = {}
        writer = run.writers.get(self._name)
        if writer is None:
            writer = run.writers[self._name] = self._make()
        return writer

    @property
    def name(self):
        return "<%s>" % self._name

    @property
    def buffer(self):
        return self._writer().buffer

    @property
    def encoding(self):
        return "utf-8"

    @property
    def errors(self):
        return "backslashreplace"

    @property
    def line_buffering(self):
        return True

    def reconfigure(self, **options):
        self._writer().reconfigure(**options)

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return self._fd

    def write(self, text):
        return self._writer().write(text)

    def flush(self):
        run = _running.get()
        if run is None:
            self._common.flush()
        elif run.writers and self._name in run.writers:
            run.writers[self._name].flush()

    def close(self):
        self.flush()


def _capture():
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            _Frames(name, fd), encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
        )
        stream.mode = "w"
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


_own_streams = (None, None)


def _share_streams():
    global _own_streams
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = _Lines(name, fd)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)
    _own_streams = (sys.stdout, sys.stderr)


def _flush():
    out, err = sys.stdout, sys.stderr
    for stream in (out, err):
        try:
            stream.flush()
        except Exception:  # the function may have closed or replaced it
            pass
    if sys.__stdout__ is not out or sys.__stderr__ is not err:
        for stream in (sys.__stdout__, sys.__stderr__):
            try:
                stream.flush()
            except Exception:
                pass


def _print_exception(error):
    """Without this file's own frames, which are none of the function's business."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == _print_exception.__code__.co_filename:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace, file=sys.stderr)


# What a run finds in its environment is written to where os.environ has its variables, and to where the C library has
# them only for those who look there: programs that are about to be started, and native modules. Writing it there takes
# longer than most of a short run, and glibc before 2.41 keeps every value that it was ever given.
_environ, _variables = os.environ, getattr(os.environ, "_data", None)
_plain = isinstance(_variables, dict) and sys.getfilesystemencoding() == "utf-8"
_untold = {}  # what the C library has not been told of
_native = False  # whether something is loaded that may ask it
_telling = 0  # how often it was told
_worn = False  # whether that was often enough for one process
_own_namespace = None


def _set_run_environment(header):
    global _own_namespace, _untold
    if _own_namespace is None:  # the function's own; a call from another namespace names that one
        _own_namespace = os.environ.get("__OW_NAMESPACE", "")
    values = {
        b"__OW_ACTIVATION_ID": header["id"].encode(),
        b"__OW_TRANSACTION_ID": header["transaction"].encode(),
        b"__OW_DEADLINE": b"%d" % header["deadline"],
        b"__OW_NAMESPACE": header.get("namespace", _own_namespace).encode(),
    }
    if "apiHost" in header:
        values[b"__OW_API_HOST"] = header["apiHost"].encode()
    _untold = values
    if _plain and os.environ is _environ:
        _variables.update(values)
    else:
        for name, value in values.items():
            os.environ[name.decode()] = value.decode()
    if not _plain or _native or "_ctypes" in sys.modules:  # which some interpreters have built in
        _tell()


def _tell():
    """Tells the C library what os.environ has of the run."""
    global _untold, _telling, _worn
    values, _untold = _untold, {}
    if not values:
        return
    if _plain:  # or else os.environ has done it
        for name, value in values.items():
            if _variables.get(name) == value:  # the function may have set it since, or deleted it
                os.putenv(name, value)
    _telling += 1
    _worn = _telling >= _setup["environments"]


def _told(function):
    """`function`, which starts a program in this process's environment."""

    @functools.wraps(function)
    def told(*args, **kwargs):
        _tell()
        return function(*args, **kwargs)

    return told


os.system, os.execv = _told(os.system), _told(os.execv)
_posixsubprocess.fork_exec = _told(_posixsubprocess.fork_exec)

_extensions = importlib.machinery.ExtensionFileLoader
_create_module = _extensions.create_module
_own_extensions = os.path.join(os.path.dirname(os.__file__), "lib-dynload", "")


def _create_native(self, spec):
    global _native
    if not _native and (spec.name == "_ctypes" or not str(spec.origin).startswith(_own_extensions)):
        _native = True
        _tell()
    return _create_module(self, spec)


_extensions.create_module = _create_native


class Context:
    """The second argument, as DigitalOcean passes it to functions that take two."""

    def __init__(self, header):
        self.function_name = self.functionName = _setup["functionName"]
        self.function_version = self.functionVersion = _setup["functionVersion"]
        self.activation_id = self.activationId = header["id"]
        self.request_id = self.requestId = header["transaction"]
        self.deadline = header["deadline"]
        self.api_host = self.apiHost = header.get("apiHost") or ""
        self.namespace = _setup["namespace"]

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline - int(time.time() * 1000))

    getRemainingTimeInMillis = get_remaining_time_in_millis


def _arity(function):
    """How many of (args, context) the function takes by position."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    count = 0
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            return 2
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            count += 1
    return min(count, 2)


_setup = {}
_defaults = ""
_handler = None
_takes = 1
_loop = None


def _add_packages(folder):
    """Libraries that the package brings along: OpenWhisk's `virtualenv`, Scaleway's `package`."""
    libraries = os.path.join(folder, "virtualenv", "lib")
    found = []
    if os.path.isdir(libraries):
        found = [os.path.join(libraries, version, "site-packages") for version in sorted(os.listdir(libraries))]
    found.append(os.path.join(folder, "package"))
    for packages in found:
        if os.path.isdir(packages):
            import site

            before = list(sys.path)
            site.addsitedir(packages)
            added = [entry for entry in sys.path if entry not in before]
            sys.path[:] = [folder] + added + [entry for entry in before if entry != folder]


_USUAL = {
    "openwhisk": ("__main__",),
    "spaces": ("handler", "main", "__main__"),
    "fn": ("func",),
}


def _find(folder, contract, main):
    """The file of a package's entry point, as a path below the folder without its ending, and the function's name."""
    file, dot, name = main.rpartition(".")
    # `file.function`, `folder/file.function`, `folder.file.function`; but `Class.method` is of the usual file.
    for path in (file, file.replace(".", "/")) if dot else ():
        path = os.path.normpath(path)
        if not path.startswith("..") and os.path.isfile(os.path.join(folder, path + ".py")):
            return path, name
    usual = _USUAL.get(contract, ("handler", "function/handler", "main", "__main__"))
    for path in usual:
        if os.path.isfile(os.path.join(folder, path + ".py")):
            return path, name if contract != "openwhisk" else main
    return usual[0], name


def _load(header):
    folder, main, contract = header["code"], header["main"], header["contract"]
    sys.path.insert(0, folder)
    if header["folder"]:
        _add_packages(folder)
        path, entry = _find(folder, contract, main)
    else:
        # `file.function` names the one file there is.
        path, entry = "main__", main if contract == "openwhisk" else main.rpartition(".")[2]
    parts = path.split("/")
    module_name = "main__"
    if header["folder"] and contract != "openwhisk" and all(part.isidentifier() for part in parts):
        # What it imports relatively is found, and what imports it by name gets this very module.
        module_name = ".".join(parts)
        module = importlib.import_module(module_name)
    else:
        spec = importlib.util.spec_from_file_location(module_name, os.path.join(folder, path + ".py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
    function = module
    for part in entry.split("."):
        function = getattr(function, part)
    if not callable(function):
        raise TypeError("'%s' is not a function" % main)
    return function


def _init(header, body):
    global _setup, _defaults, _handler, _takes, _current, _call, _shared
    if "env" in header:  # this interpreter was started before it had a function
        os.environ.clear()
        os.environ.update(header.pop("env"))
    _setup, _defaults = header, body.decode() if len(body) > 2 else ""
    os.chdir(header["scratch"])
    _set_run_environment(header["run"])
    _current = Run(header["run"])
    try:
        _handler = _load(header)
        _takes = _arity(_handler)
        _call = _contract(header["contract"])
    except Exception as error:
        _print_exception(error)
        _flush()
        _send_header(ERROR, {"message": "Cannot start action. Check logs for details."})
        return
    _flush()
    _current = None
    if header.get("runs", 1) > 1:
        _shared = True
        _share_streams()
    _send(READY, b"{}")


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


# Each contract below is three steps, so that a handler may be waited for in between: what the handler is called with,
# what becomes of its value, and what of its exception. The last two give a frame's header and body.



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


def _contract(name):
    known = {
        "openwhisk": _Openwhisk,
        "scaleway": _Scaleway,
        "openfaas": _Openfaas,
        "openfaas_flask": _OpenfaasFlask,
        "spaces": _Spaces,
    }
    call = known[name]()
    # A module of that name may be the function's own.
    if isinstance(call, _Openfaas) and hasattr(sys.modules.get("flask"), "Flask"):
        return _InView(call)
    return call


_call = None


def _answered(run, error, value):
    """The frame for what the handler gave, or for its exception."""
    if error is not None and isinstance(error, _answers):
        error, value = None, error  # abort(404), say
    if error is None:
        try:
            return _call.answer(run, value)
        except Exception as problem:
            error = problem
    _print_exception(error)
    head, body = _call.failure(run, error)
    if isinstance(error, MemoryError):
        head = head[:-1] + ',"noMemory":true}'
    return head, body


def _finish(run, head, body):
    if _worn:
        head = head[:-1] + ',"stop":true}'
    if len(body) > _setup["resultLimit"]:
        head = '%s,"bytes":%d}' % (head[:-1], len(body))
        body = b""
    _send(RESULT, head.encode("utf-8", "replace"), body)


def _handle(arguments):
    value = _handler(*arguments)
    if type(value) is dict:
        return value
    return _result(value)


def _run(header, body):
    """One run on this thread."""
    global _current
    _current = run = Run(header)
    error = value = None
    try:
        value = _handle(_call.arguments(header, body))
    except Exception as problem:
        error = problem
    head, body = _answered(run, error, value)
    _flush()
    run.over = True
    _current = None
    _finish(run, head, body)


def _enter(run):
    """Makes what this thread or task writes from here on the run's."""
    global _current
    _current = run
    _running.set(run)


def _leave_run(run):
    global _current
    # What it wrote is in writers of its own, unless it put something in their place.
    if run.writers is not None or sys.stdout is not _own_streams[0] or sys.stderr is not _own_streams[1]:
        _flush()
    run.over = True
    if _current is run:
        _current = None


def _run_beside_others(header, body):
    run = Run(header)
    error = value = None
    _enter(run)
    try:
        value = _handle(_call.arguments(header, body))
    except Exception as problem:
        error = problem
    except SystemExit as stop:  # on a thread of its own it would end no more than the thread
        _flush()
        os._exit(stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1)
    except BaseException as problem:  # a task that was cancelled under it, for one: its caller waits all the same
        error = problem
    head, body = _answered(run, error, value)
    _leave_run(run)
    _finish(run, head, body)


async def _run_on_loop(header, body):
    run = Run(header)
    error = value = None
    _enter(run)
    try:
        value = await _handler(*_call.arguments(header, body))
    except SystemExit:
        raise
    except BaseException as problem:
        error = problem
    head, body = _answered(run, error, value)
    _leave_run(run)
    _finish(run, head, body)


def _receive(count):
    data = bytearray(count)
    view = memoryview(data)
    while view:
        try:
            got = os.readv(3, [view])
        except OSError:
            got = 0
        if got == 0:
            os._exit(0)
        view = view[got:]
    return data


_buffer = b""


def _cut():
    """One whole frame from the front of what was read, or nothing."""
    global _buffer
    have = len(_buffer)
    if have < 9:
        return None
    total, kind, head = _read_head(_buffer)
    total += 4
    if have < total:
        return None
    if have == total:
        frame, _buffer = _buffer, b""
    else:
        frame, _buffer = _buffer[:total], _buffer[total:]
    head += 9
    return kind, _scan(frame[9:head].decode(), 0)[0], frame[head:]


def _next_frame():
    """One frame; small ones take a single system call."""
    global _buffer
    while True:
        frame = _cut()
        if frame is not None:
            return frame
        if len(_buffer) >= 4:
            total = 4 + int.from_bytes(_buffer[:4], "little")
            _buffer = bytes(_buffer + _receive(total - len(_buffer)))
            continue
        try:
            piece = os.read(3, 65536)
        except OSError:
            piece = b""
        if not piece:
            _leave()
        _buffer = _buffer + piece if _buffer else piece


def _leave():
    """The engine closed its end: go at once, whatever threads the function left running."""
    os._exit(0)


_reading = threading.Lock()  # whose turn it is to read; held from one frame to the next while calls are quick
_idle = 0  # threads that wait for their turn
_threads = 1
_most = 1

# Handing the reading to another thread takes longer than a quick call, so that the thread that reads makes quick calls
# itself and reads on after them. One that waits for something is found by the watch, which gives the reading to another
# thread; the calls that follow are made while another thread reads, for a while, and twice as long each time unless many
# quick ones were between. The same where too many calls take long without waiting long enough to be found.
QUICK = 0.0003  # seconds; more can also mean that the machine has other things to do
TICK = 0.001
LONG = 0.008  # seconds after which a call that only computes is taken for a slow one, too
FEWEST, FURTHEST = 64, 4096
_turns = threading.Lock()  # for what follows; nothing that could print or wait is done with it
_eager = 0  # how many calls are still to be made with another thread reading
_next_eager = FEWEST // 2  # how many there were the last time
_in_a_row = 0  # calls since the reading was last given away
_slow = 0  # eight for each slow call, less one for each quick one
_turn = 0
_held = 0  # the turn in which a call is made with the reading in hand, or 0
_holder = -1  # what the kernel says of the thread that has the reading
_awake = threading.Event()
_pread = os.pread


def _be_eager():
    global _eager, _next_eager, _in_a_row, _slow
    _eager = _next_eager = FEWEST if _in_a_row >= FEWEST else min(2 * _next_eager, FURTHEST)
    _in_a_row = _slow = 0


def _waits(stat):
    """Whether a thread waits for something: one that does not may just not have had its turn."""
    try:
        return _pread(stat, 1024, 0).rpartition(b")")[2].lstrip()[:1] != b"R"
    except OSError:
        return True


def _watch():
    """Takes the reading from a thread whose call has been seen twice and waits for something, or lasts long."""
    global _held, _threads
    seen = turn = calm = since = 0
    while True:
        _awake.wait()
        time.sleep(TICK)
        calm = 0 if _turn != turn else calm + 1
        turn, held = _turn, _held
        if held == 0 or held != seen:
            seen, since = held, _clock()
            if calm > 2 and not held:
                _awake.clear()
                if _held:  # since it was looked at
                    _awake.set()
            continue
        if _clock() - since < LONG and not _waits(_holder):
            continue
        more = False
        with _turns:
            if _held == held:
                _held = 0
                _be_eager()
                more = _one_more()
                _reading.release()
        if more:
            _start_thread()


def _one_more():
    """Whether another thread is needed, for none waits for its turn. To be called with the lock."""
    global _threads
    if _idle or _threads >= _most:
        return False
    _threads += 1
    return True


def _start_thread():
    global _threads
    try:
        # A context of its own, or else it would begin in this one's run.
        contextvars.Context().run(threading.Thread(target=_take_turns, name="run", daemon=True).start)
    except Exception:  # there is no room for another: those that there are do it
        with _turns:
            _threads -= 1


def _lead():
    """Reads and calls. Returns a call that is to be made while another thread reads, or nothing when the reading was
    taken away."""
    global _turn, _held, _in_a_row, _slow
    while True:
        _, header, body = _next_frame()
        if _eager:
            return header, body
        mine = _turn = _turn + 1
        _held = mine
        if not _awake.is_set():
            _awake.set()
        began = _clock()
        contextvars.Context().run(_run_beside_others, header, body)
        with _turns:
            if _held != mine:
                return None
            _held = 0
            _in_a_row += 1
            if _clock() - began > QUICK:
                _slow += 8
                if _slow > 24:
                    _be_eager()
            elif _slow:
                _slow -= 1


def _take_turns():
    global _idle, _eager, _holder
    try:
        this = os.open("/proc/thread-self/stat", os.O_RDONLY)
    except OSError:
        this = -1
    while True:
        with _turns:
            _idle += 1
        _reading.acquire()
        with _turns:
            _idle -= 1
            _holder = this
        try:
            call = _lead()
        except BaseException:  # nobody would read any more
            os._exit(70)
        if call is None:
            continue
        with _turns:
            _eager -= 1
            more = _one_more()
        _reading.release()
        if more:
            _start_thread()
        contextvars.Context().run(_run_beside_others, *call)


def _serve_on_threads(most):
    global _most
    _most = most
    threading.Thread(target=_watch, name="watch", daemon=True).start()
    _take_turns()


def _serve_on_loop():
    """Reads and calls on one event loop."""
    global _loop
    import asyncio

    _loop = asyncio.new_event_loop()
    asyncio.set_event_loop(_loop)
    tasks = set()
    large = bytearray()

    def start(header, body):
        # Only tasks that are held are sure to be finished.
        task = contextvars.Context().run(_loop.create_task, _run_on_loop(header, body))
        tasks.add(task)
        task.add_done_callback(ended)

    def ended(task):
        tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def readable():
        global _buffer
        try:
            piece = os.read(3, 65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            _leave()
        # A large body arrives in many pieces; joining them one by one would be quadratic.
        if large or (_buffer and len(_buffer) >= 4):
            large.extend(_buffer)
            large.extend(piece)
            _buffer = b""
            if len(large) < 4 + int.from_bytes(large[:4], "little"):
                return
            _buffer = bytes(large)
            large.clear()
        else:
            _buffer += piece
        while True:
            frame = _cut()
            if frame is None:
                return
            start(frame[1], frame[2])

    _loop.add_reader(3, readable)
    while True:
        frame = _cut()  # what came together with the first
        if frame is None:
            break
        start(frame[1], frame[2])
    _loop.run_forever()


def _warm():
    """Imports what many functions import, in an interpreter that has the time. What is there then is told: of a module
    of the same name, a function that brings one along would not get its own."""
    import asyncio, base64, datetime, hashlib, http.client, logging, random, re, socket, ssl, urllib.parse, urllib.request

    return sorted({name.partition(".")[0] for name in sys.modules} - {"__main__"})


def _main():
    _capture()
    hello = {"language": "python", "version": sys.version.split()[0]}
    if sys.argv[1:] == ["cell"]:
        del sys.argv[1:]
        hello["modules"] = _warm()
    _send_header(HELLO, hello)
    while True:
        kind, header, body = _next_frame()
        if kind == RUN:
            _run(header, body)
        elif kind == INIT:
            _init(header, body)
            if _shared and inspect.iscoroutinefunction(_handler):
                _serve_on_loop()
            elif _shared:
                _serve_on_threads(header["runs"])
        else:
            os._exit(70)


try:
    _main()
except SystemExit:
    _flush()
    raise
