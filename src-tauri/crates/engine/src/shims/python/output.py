# What the function prints, as lines of its run.

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
