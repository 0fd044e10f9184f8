# One run: its contract, its call, its answer.

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
