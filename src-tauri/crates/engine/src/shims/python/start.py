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
