"""Runs inside the worker: takes framed messages on descriptor 3, answers on descriptor 4, and calls the function.

Frame (frame.rs): u32 length of what follows, u8 type, u32 length of the header, header (JSON), body (raw).
Little-endian.
"""
import sys

sys.path.pop(0)  # this file's own folder is none of the function's business
del __file__  # or else multiprocessing's spawned children would run this file again

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

_lock = threading.Lock()
_current = None
_pid = os.getpid()


class Run:
    """The run that lines belong to while it lasts."""

    __slots__ = ("id", "logs", "sent")

    def __init__(self, header):
        self.id = header["id"]
        self.logs = header["logs"]
        self.sent = 0


def _write(data):
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(4, view):]
        except OSError:
            os._exit(0)  # the engine is gone


def _send(kind, header, body=b""):
    if os.getpid() != _pid:
        os._exit(0)  # a forked child that came back from the function: the answer is its parent's to give
    head = json.dumps(header).encode()
    frame = struct.pack("<IBI", 5 + len(head) + len(body), kind, len(head)) + head
    with _lock:
        if len(body) > 65536:
            _write(frame)
            _write(body)
        else:
            _write(frame + body)


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

    def write(self, data):
        data = memoryview(data).cast("B")
        size = len(data)
        if os.getpid() != _pid:  # a forked child has no right to the frames
            os.write(self._fd, data)
            return size
        run = _current
        if run is not None:
            room = run.logs + 2 - run.sent  # more than the limit and a newline tells the engine that lines are missing
            if room > 0:
                data = data[:room]
                run.sent += len(data)
                header = {"id": run.id, "stream": self._name}
                for at in range(0, len(data), LOG_CHUNK):
                    _send(LOG, header, bytes(data[at:at + LOG_CHUNK]))
        return size


def _capture():
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            _Frames(name, fd), encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
        )
        stream.mode = "w"
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def _flush():
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except Exception:  # the function may have closed or replaced it
            pass


def _print_exception(error, skip):
    trace = error.__traceback__
    for _ in range(skip):
        if trace is not None:
            trace = trace.tb_next
    traceback.print_exception(type(error), error, trace, file=sys.stderr)


def _set_run_environment(header):
    os.environ["__OW_ACTIVATION_ID"] = header["id"]
    os.environ["__OW_TRANSACTION_ID"] = header["transaction"]
    os.environ["__OW_DEADLINE"] = str(header["deadline"])
    if header.get("apiHost"):
        os.environ["__OW_API_HOST"] = header["apiHost"]


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
_defaults = b""
_handler = None
_takes = 1
_loop = None


def _load(header):
    folder = header["code"]
    sys.path.insert(0, folder)
    if header["folder"]:
        libraries = os.path.join(folder, "virtualenv", "lib")
        if os.path.isdir(libraries):
            import site

            for version in sorted(os.listdir(libraries)):
                packages = os.path.join(libraries, version, "site-packages")
                if os.path.isdir(packages):
                    before = list(sys.path)
                    site.addsitedir(packages)
                    added = [entry for entry in sys.path if entry not in before]
                    sys.path[:] = [folder] + added + [entry for entry in before if entry != folder]
        file = os.path.join(folder, "__main__.py")
    else:
        file = os.path.join(folder, "main__.py")
    spec = importlib.util.spec_from_file_location("main__", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["main__"] = module
    spec.loader.exec_module(module)
    function = module
    for part in header["main"].split("."):
        function = getattr(function, part)
    if not callable(function):
        raise TypeError("'%s' is not a function" % header["main"])
    return function


def _init(header, body):
    global _setup, _defaults, _handler, _takes, _current
    _setup, _defaults = header, body if len(body) > 2 else b""
    os.chdir(header["scratch"])
    _set_run_environment(header["run"])
    _current = Run(header["run"])
    try:
        _handler = _load(header)
        _takes = _arity(_handler)
    except Exception as error:
        _print_exception(error, 2)
        _flush()
        _send(ERROR, {"message": "Cannot start action. Check logs for details."})
        return
    _flush()
    _current = None
    _send(READY, {})


def _call(args, header):
    global _loop
    if _takes == 0:
        result = _handler()
    elif _takes == 1:
        result = _handler(args)
    else:
        result = _handler(args, Context(header))
    if inspect.isawaitable(result):
        import asyncio

        if _loop is None:  # one loop for the worker's life, so that open connections survive from run to run
            _loop = asyncio.new_event_loop()
            asyncio.set_event_loop(_loop)

        async def wait(value):
            return await value

        result = _loop.run_until_complete(wait(result))
    return result


def _dumps(value):
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def _run(header, body):
    global _current
    _set_run_environment(header)
    _current = Run(header)
    args = json.loads(body)
    if _defaults:
        args = {**json.loads(_defaults), **args}
    try:
        result = _call(args, header)
        if not isinstance(result, (dict, list, tuple)):
            outcome = "developer"
            text = _dumps({"error": "The action did not return a dictionary or array."})
        elif isinstance(result, dict) and "error" in result:
            outcome, text = "error", _dumps({"error": result["error"]})
        else:
            outcome, text = "ok", _dumps(result)
    except Exception as error:
        _print_exception(error, 2)
        try:
            message = str(error)
        except Exception:
            message = type(error).__name__
        outcome, text = "error", _dumps({"error": message})
    _flush()
    _current = None
    answer = {"id": header["id"], "outcome": outcome}
    if len(text) > _setup["resultLimit"]:
        answer["bytes"] = len(text)
        text = b""
    _send(RESULT, answer, text)


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


def _next_frame():
    """One frame; small ones take a single system call."""
    global _buffer
    while True:
        if len(_buffer) >= 4:
            total = 4 + int.from_bytes(_buffer[:4], "little")
            if len(_buffer) >= total:
                frame, _buffer = _buffer[:total], _buffer[total:]
                break
            frame = bytes(_buffer + _receive(total - len(_buffer)))
            _buffer = b""
            break
        try:
            piece = os.read(3, 65536)
        except OSError:
            piece = b""
        if not piece:
            _leave()
        _buffer += piece
    head = int.from_bytes(frame[5:9], "little")
    return frame[4], json.loads(frame[9:9 + head]), frame[9 + head:]


def _leave():
    """The engine closed its end: go at once, whatever threads the function left running."""
    os._exit(0)


def _main():
    _capture()
    _send(HELLO, {"language": "python", "version": sys.version.split()[0]})
    while True:
        kind, header, body = _next_frame()
        if kind == RUN:
            _run(header, body)
        elif kind == INIT:
            _init(header, body)
        else:
            os._exit(70)


try:
    _main()
except SystemExit:
    _flush()
    raise
